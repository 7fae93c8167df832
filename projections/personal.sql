-- Where in the log something is about a person: in a whole stream (position 0), or in one event of a
-- stream that is about others too.
CREATE TABLE personal_record (
    person_id   uuid   NOT NULL,
    stream_type text   NOT NULL,
    stream_id   uuid   NOT NULL,
    position    bigint NOT NULL,
    PRIMARY KEY (person_id, stream_type, stream_id, position)
);
