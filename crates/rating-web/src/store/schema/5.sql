-- Withdrawn pairs are few: how many others there are is counted without a look at each.
CREATE INDEX pairs_removed ON pairs (id) WHERE removed IS NOT NULL;
