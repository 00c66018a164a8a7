"""Read a workbook that came back: cover, sheets, figures, notes; every problem by its cell."""
