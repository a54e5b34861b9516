-- godwit: parent=base
-- migrate:up
CREATE TABLE customer (
  id         integer PRIMARY KEY,
  email      varchar(200) NOT NULL UNIQUE,
  name       varchar(200) NOT NULL,
  created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- migrate:down
DROP TABLE customer;
