"""Open data: CSV, workbook, JSON and the metadata that describes them."""
