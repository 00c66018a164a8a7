"""Write a pre-filled workbook: sheets, locks, formulas, notes and print set-up."""
