-- Studies whose readers may say that a case cannot be graded: why, as it stands,
-- and as it stood when the system's answer was shown.
ALTER TABLE study_answers ADD COLUMN cannot TEXT;
ALTER TABLE study_answers ADD COLUMN own_cannot TEXT;
