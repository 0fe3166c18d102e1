-- name: orders_newest_paying
-- Orders that pay with a token, newest first.
create index orders_newest_paying on orders
    ((body -> 'token_in' ->> 'mint'), accepted_at_ms desc, order_id desc);

-- name: orders_newest_buying
-- Orders that buy a token, newest first.
create index orders_newest_buying on orders
    ((body -> 'token_out' ->> 'mint'), accepted_at_ms desc, order_id desc);
