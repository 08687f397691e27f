"""The bench: how much of what people labelled is hidden in the files that come out, and at what cost.

    annotations, sample             COCO in; which images are looked at, in which half
    pixels, change, score           the black-box score: input and output of each labelled box, nothing else
    product, peer, record, measure  the product's own path run and timed, another tool's command likewise
    run, summary, intervals         what a run came to, with 95 % intervals
    compare, sweep, profile         two runs image by image; thresholds; where the time goes
    results, tables, page, misses   what is written: JSON, a report page (plots, style), a contact sheet

The modules that score import nothing of the product but its words: they see what anybody sees.
"""
