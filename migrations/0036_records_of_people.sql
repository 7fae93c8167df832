-- Which records of a person there are, to see whether an account may expire: asked of the log itself,
-- for commands never ask a read model. One entry for each stream, none for progress and answers.
CREATE INDEX IF NOT EXISTS events_of_records ON event_store.events ((data->>'learner_id'))
    WHERE version = 1 AND stream_type IN
        ('enrollment', 'attempt', 'certificate', 'feedback', 'testimonial', 'survey_response');
