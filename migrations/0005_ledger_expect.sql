-- The books: a group decided on remembered balances is checked in the round trip that writes it.
-- +goose Up
-- +goose StatementBegin
create function ledger_expect(held boolean, otherwise text) returns boolean language plpgsql as $$
begin
    if held is not true then
        raise exception 'ledger: a group was decided on what has changed since, and is decided again'
            using errcode = otherwise;
    end if;
    return true;
end
$$;
-- +goose StatementEnd
