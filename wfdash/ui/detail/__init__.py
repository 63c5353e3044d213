"""One instance: the sentence, the timeline, the inspector, the comparison."""
