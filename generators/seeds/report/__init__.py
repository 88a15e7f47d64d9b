"""The report of seeds: `facts` reads a funnel, `sections` puts it into words and plots."""
