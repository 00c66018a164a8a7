"""The workbook: its layout, how it is written, how it is read back, and the reply that marks its cells."""
