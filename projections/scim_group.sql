CREATE TABLE scim_group (
    id               uuid        PRIMARY KEY,
    external_id      text        COLLATE "C",
    display_name     text        NOT NULL,
    display_name_key text        COLLATE "C" NOT NULL,
    roles            text[]      NOT NULL DEFAULT '{}',
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    version          bigint      NOT NULL
);

CREATE INDEX scim_group_external_id ON scim_group (external_id);
CREATE INDEX scim_group_display_name ON scim_group (display_name_key, id);

CREATE TABLE scim_group_member (
    group_id   uuid NOT NULL,
    learner_id uuid NOT NULL,
    PRIMARY KEY (group_id, learner_id)
);

CREATE INDEX scim_group_member_learner ON scim_group_member (learner_id);
