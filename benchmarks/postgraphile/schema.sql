-- What PostGraphile shows: our tables as plain views, which PostgreSQL reads as if they were not there, with the relations
-- that views cannot declare told in comments; statistics as columns; search and recording as functions.
-- `created_ms` and `purchased_ms` are what the indexes hold.
DROP SCHEMA IF EXISTS peer CASCADE;
CREATE SCHEMA peer;

CREATE VIEW peer.customer_group AS SELECT id, name FROM public.customer_group;
COMMENT ON VIEW peer.customer_group IS '@primaryKey id';

CREATE VIEW peer.customer AS
SELECT id, code, first_name, last_name, coalesce(preferred_name, first_name || ' ' || last_name) AS display_name, email,
    phone, status, version, to_timestamp(created_at / 1000.0) AS created_at, group_id, created_at AS created_ms
FROM public.customer;
COMMENT ON VIEW peer.customer IS E'@primaryKey id
@unique code
@foreignKey (group_id) references peer.customer_group (id)|@fieldName group|@foreignFieldName members';

CREATE VIEW peer.customer_stats AS
SELECT customer_id, total_spent * 0.01 AS total_spent, purchase_count,
    CASE WHEN purchase_count > 0
        THEN (2 * total_spent + purchase_count) / (2 * purchase_count) * 0.01 END AS average_purchase,
    to_timestamp(nullif(last_purchase_at, -9223372036854775807 - 1) / 1000.0) AS last_purchase_at,
    CASE WHEN last_purchase_at <> -9223372036854775807 - 1
        THEN greatest(0, floor(extract(epoch FROM now()) / 86400)::bigint - last_purchase_at / 86400000)::int
    END AS days_since_last_purchase
FROM public.customer_stats;
COMMENT ON VIEW peer.customer_stats IS E'@primaryKey customer_id
@foreignKey (customer_id) references peer.customer (id)|@fieldName customer|@foreignSingleFieldName stats';

CREATE VIEW peer.purchase AS
SELECT id, reference, customer_id, to_timestamp(purchased_at / 1000.0) AS purchased_at, status, total * 0.01 AS total,
    purchased_at AS purchased_ms
FROM public.purchase;
COMMENT ON VIEW peer.purchase IS E'@primaryKey id
@foreignKey (customer_id) references peer.customer (id)|@fieldName customer|@foreignFieldName purchases';

CREATE VIEW peer.purchase_line AS
SELECT id, purchase_id, position, sku, name, trim_scale(quantity * 0.000001) AS quantity, total * 0.01 AS total
FROM public.purchase_line;
COMMENT ON VIEW peer.purchase_line IS E'@primaryKey id
@foreignKey (purchase_id) references peer.purchase (id)|@fieldName purchase|@foreignFieldName lines';

-- The very steps of ours, which are put in for {found}; a function in plpgsql keeps its plan.
CREATE FUNCTION peer.customer_search(word text) RETURNS SETOF peer.customer LANGUAGE plpgsql STABLE ROWS 10 AS $$
DECLARE
    needle text := lpad(word, greatest(3, length(word)));
BEGIN
    RETURN QUERY SELECT shown.* FROM {found} JOIN peer.customer shown ON shown.id = c.id ORDER BY {order};
END $$;

CREATE TYPE peer.line_input AS (sku text, name text, unit_price numeric);

CREATE FUNCTION peer.purchase_record(reference text, customer_code text, lines peer.line_input[])
RETURNS peer.purchase LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    buyer uuid := (SELECT id FROM public.customer WHERE code = customer_code);
    made uuid := gen_random_uuid();
    at bigint := floor(extract(epoch FROM clock_timestamp()) * 1000);
    paid bigint := (SELECT sum(round(l.unit_price * 100)) FROM unnest(lines) l);
    answer peer.purchase;
BEGIN
    IF buyer IS NULL THEN
        RAISE EXCEPTION 'There is no such customer.';
    END IF;
    INSERT INTO public.purchase (id, reference, store_id, customer_id, purchased_at, recorded_at, status, currency,
        prices_include_tax, subtotal, discount, shipping, tax, total, refunded, digest)
    VALUES (made, purchase_record.reference, '00000000000070008000000000000002', buyer, at, at, 'PAID', 'USD', false, paid,
        0, 0, 0, paid, 0, repeat('0', 64));
    INSERT INTO public.purchase_line (id, purchase_id, position, sku, name, quantity, unit_price, discount, total,
        refunded_quantity)
    SELECT gen_random_uuid(), made, l.n - 1, l.sku, l.name, 1000000, round(l.unit_price * 100), 0,
        round(l.unit_price * 100), 0
    FROM unnest(lines) WITH ORDINALITY AS l (sku, name, unit_price, n);
    UPDATE public.customer_stats SET total_spent = total_spent + paid, purchase_count = purchase_count + 1,
        first_purchase_at = CASE WHEN first_purchase_at = -9223372036854775807 - 1 THEN at
            ELSE least(first_purchase_at, at) END,
        last_purchase_at = greatest(last_purchase_at, at), active_at = greatest(active_at, at)
    WHERE customer_id = buyer;
    answer := (made, purchase_record.reference, buyer, to_timestamp(at / 1000.0), 'PAID', paid * 0.01, at);
    RETURN answer;
END $$;
