"""ParsedTask a task in English: words, clauses, mentions of parts and actions."""
