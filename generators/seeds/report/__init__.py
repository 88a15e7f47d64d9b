"""The report of a seed collection: `facts` reads a funnel, `sections` puts it into words and plots."""
