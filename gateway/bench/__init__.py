"""The bench: how much of what people labelled is hidden in the files that come out, and at what cost.

    annotations, sample      COCO in; which images are looked at, in which half
    pixels, change, score    the black-box score: input and output of each labelled box, nothing else
    intervals, summary       shares with 95 % intervals
    compare, sweep           two runs image by image; thresholds chosen on one half
    runs, peer, profile      the product's own path run and timed; another tool's command likewise
    results, plots, page, misses   what is written: JSON, a report page, a contact sheet

The modules that score import nothing of the product but its words: they see what anybody sees.
"""
