"""Taking people's answers into our records, whatever they were asked about, before any run hears of them."""
