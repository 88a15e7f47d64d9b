"""Plots beside the bars and histograms of `veristone.generators.seeds.report.plots`."""
