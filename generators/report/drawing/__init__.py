"""Plots beside the bars and histograms of `generators.seeds.report.plots`."""
