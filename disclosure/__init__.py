"""Social-insurance information disclosure: the nouns and the rules, without an orchestrator."""
