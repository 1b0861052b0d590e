package export

import (
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/ledger"
	"disburse/ledger/money"
)

// ratePlaces is the number of decimals of an exchange rate.
const ratePlaces = 4

func scanPayout(row pgx.CollectableRow) ([]cell, error) {
	var id, orderID, merchant, mode, status, stage, method, code, lastFour, bank, name, customer, description string
	var claimedBy, completedBy, endedBy, reason string
	var fiat, rate, usdt, fee int64
	var created, expires, ended *time.Time
	err := row.Scan(&id, &orderID, &merchant, &mode, &status, &stage, &method, &code, &fiat, &rate, &usdt, &fee, &lastFour, &bank, &name,
		&customer, &description, &claimedBy, &completedBy, &endedBy, &reason, &created, &expires, &ended)
	if err != nil {
		return nil, err
	}
	c, err := currency(code)
	if err != nil {
		return nil, err
	}
	return []cell{
		plain(id), plain(orderID), plain(merchant), plain(mode), plain(status), plain(stage), plain(method), plain(code),
		amount(fiat, c, c.Scale()), fixed(rate, ratePlaces), amount(usdt, money.USDT, ledger.USDTPlaces), amount(fee, money.USDT, ledger.USDTPlaces),
		amount(usdt+fee, money.USDT, ledger.USDTPlaces), plain("****" + lastFour), prose(bank), prose(name), prose(customer), prose(description),
		plain(claimedBy), plain(completedBy), plain(endedBy), prose(reason), at(created), at(expires), at(ended),
	}, nil
}

func scanCardOrder(row pgx.CollectableRow) ([]cell, error) {
	var kind, status, card, bank, holder, claimedBy, endedBy, reason string
	var id, user, kopecks int64
	var created, updated, ended *time.Time
	err := row.Scan(&id, &user, &kind, &status, &kopecks, &card, &bank, &holder, &claimedBy, &endedBy, &reason, &created, &updated, &ended)
	return []cell{
		whole(id), whole(user), plain(kind), plain(status), plain("rub"), amount(kopecks, "RUB", 2), prose(card), prose(bank), prose(holder),
		plain(claimedBy), plain(endedBy), prose(reason), at(created), at(updated), at(ended),
	}, err
}

// scanP2P prints what the wallet counts in hundredths with two decimals.
func scanP2P(row pgx.CollectableRow) ([]cell, error) {
	var side, status, code, method, claimedBy, endedBy, note string
	var id, ad, buyer, seller, traded, fiat, rate int64
	var created, paid, disputed, ended *time.Time
	err := row.Scan(&id, &ad, &side, &status, &buyer, &seller, &traded, &code, &fiat, &rate, &method, &claimedBy, &endedBy, &note,
		&created, &paid, &disputed, &ended)
	return []cell{
		whole(id), whole(ad), plain(side), plain(status), whole(buyer), whole(seller), fixed(traded, 2), plain(code), fixed(fiat, 2), fixed(rate, 2),
		prose(method), plain(claimedBy), plain(endedBy), prose(note), at(created), at(paid), at(disputed), at(ended),
	}, err
}

func scanTransfer(row pgx.CollectableRow) ([]cell, error) {
	var reference, flow, mode, code, fromOwner, fromPurpose, toOwner, toPurpose string
	var id, leg, minor, from, fromBalance, to, toBalance int64
	var booked *time.Time
	err := row.Scan(&id, &reference, &leg, &flow, &mode, &code, &minor, &from, &fromOwner, &fromPurpose, &fromBalance,
		&to, &toOwner, &toPurpose, &toBalance, &booked)
	if err != nil {
		return nil, err
	}
	c, err := currency(code)
	if err != nil {
		return nil, err
	}
	return []cell{
		whole(id), plain(reference), whole(leg), plain(flow), plain(mode), plain(code), amount(minor, c, c.Scale()),
		whole(from), plain(fromOwner), plain(fromPurpose), amount(fromBalance, c, c.Scale()),
		whole(to), plain(toOwner), plain(toPurpose), amount(toBalance, c, c.Scale()), at(booked),
	}, nil
}

func scanCallback(row pgx.CollectableRow) ([]cell, error) {
	var id, merchant, payoutID, orderID, kind, url, state, lastError, deadReason string
	var attempts int64
	var lastStatus *int64
	var created, next, finished *time.Time
	err := row.Scan(&id, &merchant, &payoutID, &orderID, &kind, &url, &state, &attempts, &lastStatus, &lastError, &deadReason,
		&created, &next, &finished)
	var answered cell
	if lastStatus != nil {
		answered = whole(*lastStatus)
	}
	return []cell{
		plain(id), plain(merchant), plain(payoutID), plain(orderID), plain(kind), plain(url), plain(state), whole(attempts), answered,
		prose(lastError), plain(deadReason), at(created), at(next), at(finished),
	}, err
}
