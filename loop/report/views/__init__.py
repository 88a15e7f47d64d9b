"""From facts to sections of the report. Text from outside is made visible here and only here."""
