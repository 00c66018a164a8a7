"""Records that know themselves: are they there, whole, the newest, and what the ledger says they are?"""
