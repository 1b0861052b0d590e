package httpapi

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/valyala/fasthttp"

	"disburse/gateway/operator"
)

// route is one row of the table.
type route struct {
	method   string
	path     string
	envelope *envelope     // how it fails
	role     operator.Role // least role of the caller; "" on routes that are not operators'
	user     userAccess    // which end users it takes
	upload   bool          // takes a file, not JSON; one of its path's parameters is an id
	timeout  time.Duration // deadline; zero for the usual one
	handle   func(*request) error

	// mayUpload judges the head of an upload where that is not the role's.
	mayUpload func(ctx context.Context, h *fasthttp.RequestHeader) error
}

// maxBody is the largest body that the route takes.
func (rt *route) maxBody() int {
	if rt.upload {
		return maxUpload
	}
	return maxJSON
}

// verifyTimeout bounds a proof of the whole books; it must stay below the
// server's write timeout. Larger books are verified by the command line.
const verifyTimeout = 25 * time.Second

// providerTimeout bounds a call that waits for the card provider, which may use
// up its own time; it too must stay below the server's write timeout.
const providerTimeout = 25 * time.Second

// routes is every route of the HTTP surface. Merchants' routes authenticate in
// their handlers, because a signature covers the body.
func (a *api) routes() []route {
	return slices.Concat(merchantRoutes(), gameRoutes(), walletRoutes(), payoutRoutes(), partyRoutes(), approvalRoutes(), userRoutes(), cardDeskRoutes(),
		disputeRoutes(), gameDeskRoutes(), bookRoutes(), a.serviceRoutes(), a.pageRoutes())
}

func merchantRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	e := merchantEnvelope
	return []route{
		// payout: a merchant asks for a payout; signed by sign.
		{method: post, path: "/api/merchant/:merchant/create_pay_out", envelope: e, handle: createPayOut},
		// payout: a merchant reads one payout; X-Api-Key.
		{method: get, path: "/api/merchant/:merchant/status_pay_out/:pay_out_id", envelope: e, handle: statusPayOut},
		// payout: a merchant withdraws a payout; signed by standart_sign.
		{method: post, path: "/api/merchant/:merchant/rejected_pay_out", envelope: e, handle: rejectedPayOut},
		// payout: a merchant reads its balance and methods; X-Api-Key.
		{method: get, path: "/api/merchant/:merchant/status", envelope: e, handle: merchantStatus},
	}
}

// gameRoutes are what providers of games call; a signature covers the body, so
// their handlers authenticate as the merchants' do.
func gameRoutes() []route {
	const post = http.MethodPost
	e := gameEnvelope
	return []route{
		// gamewallet: a provider asks what its player has.
		{method: post, path: "/wallet/balance", envelope: e, timeout: gameDeadline, handle: gameBalance},
		// gamewallet: it takes a bet.
		{method: post, path: "/wallet/withdraw", envelope: e, timeout: gameDeadline, handle: gameWithdraw},
		// gamewallet: it pays a win.
		{method: post, path: "/wallet/deposit", envelope: e, timeout: gameDeadline, handle: gameDeposit},
		// gamewallet: it undoes a bet.
		{method: post, path: "/wallet/rollback", envelope: e, timeout: gameDeadline, handle: gameRollback},
	}
}

func payoutRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	const viewer, desk = operator.RoleViewer, operator.RoleOperator
	e := operatorEnvelope
	return []route{
		// payout: the desk and the back office look for payouts.
		{method: get, path: "/api/operator/payouts", envelope: e, role: viewer, handle: listPayouts},
		// payout: people and bots take the next one to pay.
		{method: post, path: "/api/operator/payouts/claim", envelope: e, role: desk, handle: claimPayout},
		// payout: one with its history.
		{method: get, path: "/api/operator/payouts/:id", envelope: e, role: viewer, handle: showPayout},
		// payout: the claimer needs more time.
		{method: post, path: "/api/operator/payouts/:id/renew", envelope: e, role: desk, handle: renewClaim},
		// payout: the claimer gives it back.
		{method: post, path: "/api/operator/payouts/:id/release", envelope: e, role: desk, handle: releaseClaim},
		// payout: the claimer has paid.
		{method: post, path: "/api/operator/payouts/:id/complete", envelope: e, role: desk, handle: completePayout},
		// payout: the claimer cannot pay.
		{method: post, path: "/api/operator/payouts/:id/reject", envelope: e, role: desk, handle: rejectPayout},
		// payout: a second person agrees that it is paid.
		{method: post, path: "/api/operator/payouts/:id/approve", envelope: e, role: operator.RoleApprover, handle: approvePayout},
		// payout: who reported it as paid takes that back.
		{method: post, path: "/api/operator/payouts/:id/recall", envelope: e, role: desk, handle: recallPayout},
		// payout: the claimer attaches a receipt.
		{method: post, path: "/api/operator/payouts/:id/receipts", envelope: e, role: desk, upload: true, handle: uploadReceipt},
		// payout: whoever was given the signed link, the merchant's customer among them.
		{method: get, path: "/receipts/:id", envelope: e, handle: downloadReceipt},
		// payout: whoever follows the link of a sandbox payout.
		{method: get, path: SandboxReceipts + ":id", envelope: e, handle: sandboxReceipt},
		// payout, virtualcard: what no machine could settle.
		{method: get, path: "/api/operator/exceptions", envelope: e, role: viewer, handle: listExceptions},
		// callbacks: what merchants were told.
		{method: get, path: "/api/operator/callbacks", envelope: e, role: viewer, handle: listCallbacks},
		// callbacks: tell many again, by filter.
		{method: post, path: "/api/operator/callbacks/resend", envelope: e, role: desk, handle: resendCallbacks},
		// callbacks: one with its attempts.
		{method: get, path: "/api/operator/callbacks/:id", envelope: e, role: viewer, handle: showCallback},
		// callbacks: tell it again.
		{method: post, path: "/api/operator/callbacks/:id/resend", envelope: e, role: desk, handle: resendCallback},
	}
}

func partyRoutes() []route {
	const get, post, put, patch = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch
	const viewer, admin = operator.RoleViewer, operator.RoleAdmin
	e := operatorEnvelope
	return []route{
		// merchant: the back office looks merchants up.
		{method: get, path: "/api/operator/merchants", envelope: e, role: viewer, handle: listMerchants},
		// merchant: an admin takes a merchant on.
		{method: post, path: "/api/operator/merchants", envelope: e, role: admin, handle: createMerchant},
		// merchant: settings and balances of one.
		{method: get, path: "/api/operator/merchants/:name", envelope: e, role: viewer, handle: showMerchant},
		// merchant: an admin changes settings.
		{method: patch, path: "/api/operator/merchants/:name", envelope: e, role: admin, handle: changeMerchant},
		// merchant: an admin gives out new keys.
		{method: post, path: "/api/operator/merchants/:name/rotate-keys", envelope: e, role: admin, handle: rotateKeys},
		// merchant: an admin books money that came in.
		{method: post, path: "/api/operator/merchants/:name/topup", envelope: e, role: admin, handle: topUpMerchant},
		// merchant: an admin asks for a correction of a balance.
		{method: post, path: "/api/operator/merchants/:name/adjust", envelope: e, role: admin, handle: adjustMerchant},
		// merchant: an admin shuts a merchant out.
		{method: post, path: "/api/operator/merchants/:name/disable", envelope: e, role: admin, handle: disableMerchant},
		// merchant: and lets it in again.
		{method: post, path: "/api/operator/merchants/:name/enable", envelope: e, role: admin, handle: enableMerchant},
		// fx: rates in force and their age.
		{method: get, path: "/api/operator/rates", envelope: e, role: viewer, handle: listRates},
		// fx: an admin, or a feed with an admin's token, sets a rate.
		{method: put, path: "/api/operator/rates", envelope: e, role: admin, handle: setRate},
		// payout: how much of each method the platform takes on.
		{method: get, path: "/api/operator/capacity", envelope: e, role: viewer, handle: listCapacity},
		// payout: an admin bounds it.
		{method: put, path: "/api/operator/capacity", envelope: e, role: admin, handle: setCapacity},
		// operator: an admin sees who may do what.
		{method: get, path: "/api/operator/operators", envelope: e, role: admin, handle: listOperators},
		// operator: an admin takes an operator on.
		{method: post, path: "/api/operator/operators", envelope: e, role: admin, handle: createOperator},
		// operator: an admin shuts an operator out.
		{method: post, path: "/api/operator/operators/:id/disable", envelope: e, role: admin, handle: disableOperator},
		// operator: and lets them in again.
		{method: post, path: "/api/operator/operators/:id/enable", envelope: e, role: admin, handle: enableOperator},
	}
}

func approvalRoutes() []route {
	const get, post, put = http.MethodGet, http.MethodPost, http.MethodPut
	const viewer, desk, approver = operator.RoleViewer, operator.RoleOperator, operator.RoleApprover
	e := operatorEnvelope
	return []route{
		// approval: what waits for a second person, and what became of it.
		{method: get, path: "/api/operator/approvals", envelope: e, role: viewer, handle: listApprovals},
		// payout: from which amount a payout does.
		{method: get, path: "/api/operator/approvals/rules", envelope: e, role: viewer, handle: listApprovalRules},
		// payout: an admin changes that; who makes it weaker asks another one.
		{method: put, path: "/api/operator/approvals/rules", envelope: e, role: operator.RoleAdmin, handle: setApprovalRule},
		// virtualcard: what the card provider does not end is ended by two people.
		{method: post, path: "/api/operator/virtual-cards/operations/:id/resolve", envelope: e, role: approver, handle: resolveCardOperation},
		// approval: one of them.
		{method: get, path: "/api/operator/approvals/:id", envelope: e, role: viewer, handle: showApproval},
		// approval: the second person agrees.
		{method: post, path: "/api/operator/approvals/:id/approve", envelope: e, role: approver, handle: approveAsked},
		// approval: or does not.
		{method: post, path: "/api/operator/approvals/:id/refuse", envelope: e, role: approver, handle: refuseAsked},
		// approval: the first person takes it back.
		{method: post, path: "/api/operator/approvals/:id/withdraw", envelope: e, role: desk, handle: withdrawAsked},
	}
}

func userRoutes() []route {
	const get, post, put = http.MethodGet, http.MethodPost, http.MethodPut
	const viewer, admin = operator.RoleViewer, operator.RoleAdmin
	e := operatorEnvelope
	return []route{
		// enduser: the back office looks end users up.
		{method: get, path: "/api/operator/users", envelope: e, role: viewer, handle: listUsers},
		// enduser: an admin, or the platform's sign-up with an admin's token, makes one.
		{method: post, path: "/api/operator/users", envelope: e, role: admin, handle: createUser},
		// enduser: one with its balance.
		{method: get, path: "/api/operator/users/:id", envelope: e, role: viewer, handle: showUser},
		// enduser: the platform's sign-in gives an app its token.
		{method: post, path: "/api/operator/users/:id/token", envelope: e, role: admin, handle: issueUserToken},
		// enduser: and takes all of them back.
		{method: post, path: "/api/operator/users/:id/revoke-tokens", envelope: e, role: admin, handle: revokeUserTokens},
		// enduser: an admin keeps a user from beginning anything new.
		{method: post, path: "/api/operator/users/:id/block", envelope: e, role: admin, handle: blockUser},
		// enduser: and ends that.
		{method: post, path: "/api/operator/users/:id/unblock", envelope: e, role: admin, handle: unblockUser},
		// enduser: money that reached the platform for a user.
		{method: post, path: "/api/operator/users/:id/deposit", envelope: e, role: admin, handle: depositToUser},
		// enduser: bonus money and the wagering that comes with it.
		{method: post, path: "/api/operator/users/:id/bonus", envelope: e, role: admin, handle: grantBonus},
		// enduser: the turnover that is asked for.
		{method: put, path: "/api/operator/users/:id/wagering", envelope: e, role: admin, handle: setWagering},
		// virtualcard: the back office looks at users' cards.
		{method: get, path: "/api/operator/virtual-cards", envelope: e, role: viewer, handle: listVirtualCardsAtDesk},
	}
}

// walletRoutes are what end users' apps call.
func walletRoutes() []route {
	const get = http.MethodGet
	e := walletEnvelope
	return slices.Concat(cardRoutes(), p2pRoutes(), virtualCardRoutes(), []route{
		// enduser: a user reads what there is.
		{method: get, path: "/api/v1/users/me/balance", envelope: e, user: signedIn, handle: myBalance},
		// enduser: a user reads what moved.
		{method: get, path: "/api/v1/users/me/transactions", envelope: e, user: signedIn, handle: myTransactions},
	})
}

func cardRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	e := walletEnvelope
	return []route{
		// cardorder: a user reads the terms and the card to pay to.
		{method: get, path: "/api/v1/card/limits", envelope: e, user: signedIn, handle: cardLimits},
		// cardorder: a user draws money out or pays money in.
		{method: post, path: "/api/v1/card/orders", envelope: e, user: signedIn, handle: createCardOrder},
		// cardorder: a user's own; stands before the route of one order.
		{method: get, path: "/api/v1/card/orders/my", envelope: e, user: signedIn, handle: myCardOrders},
		// cardorder: one of them.
		{method: get, path: "/api/v1/card/orders/:id", envelope: e, user: signedIn, handle: showCardOrder},
		// cardorder: the user gives it up.
		{method: post, path: "/api/v1/card/orders/:id/cancel", envelope: e, user: signedIn, handle: cancelCardOrder},
		// cardorder: the user says that the deposit was paid.
		{method: post, path: "/api/v1/card/orders/:id/confirm-paid", envelope: e, user: signedIn, handle: confirmCardPaid},
		// cardorder: the user writes to the operator.
		{method: post, path: "/api/v1/card/orders/:id/messages", envelope: e, user: signedIn, handle: sayInCardOrder},
		// cardorder: and reads.
		{method: get, path: "/api/v1/card/orders/:id/messages", envelope: e, user: signedIn, handle: cardMessages},
	}
}

func virtualCardRoutes() []route {
	const get, post, patch = http.MethodGet, http.MethodPost, http.MethodPatch
	e, wait := cardEnvelope, providerTimeout
	return []route{
		// virtualcard: a user's own.
		{method: get, path: "/api/v1/cards", envelope: e, user: signedIn, handle: listVirtualCards},
		// virtualcard: a user has one made.
		{method: post, path: "/api/v1/cards", envelope: e, user: signedIn, timeout: wait, handle: createVirtualCard},
		// virtualcard: what moved on them; stands before the route of one card.
		{method: get, path: "/api/v1/cards/transactions", envelope: e, user: signedIn, handle: listCardTransactions},
		// virtualcard: one of them.
		{method: get, path: "/api/v1/cards/:id", envelope: e, user: signedIn, handle: showVirtualCard},
		// virtualcard: from the wallet to the card.
		{method: post, path: "/api/v1/cards/:id/topup", envelope: e, user: signedIn, timeout: wait, handle: topUpVirtualCard},
		// virtualcard: and back.
		{method: post, path: "/api/v1/cards/:id/withdraw", envelope: e, user: signedIn, timeout: wait, handle: withdrawFromVirtualCard},
		// virtualcard: the user stops a card.
		{method: patch, path: "/api/v1/cards/:id/freeze", envelope: e, user: signedIn, timeout: wait, handle: freezeVirtualCard},
		// virtualcard: and lets it go on.
		{method: patch, path: "/api/v1/cards/:id/unfreeze", envelope: e, user: signedIn, timeout: wait, handle: unfreezeVirtualCard},
		// virtualcard: the user has done with a card; its money comes back.
		{method: patch, path: "/api/v1/cards/:id/close", envelope: e, user: signedIn, timeout: wait, handle: closeVirtualCard},
		// virtualcard: what there is to put on cards.
		{method: get, path: "/api/v1/wallet/balance", envelope: e, user: signedIn, handle: cardWallet},
		// virtualcard: the kinds of cards.
		{method: get, path: "/api/v1/bins", envelope: e, user: signedIn, handle: listBINs},
		// virtualcard: and their terms.
		{method: get, path: "/api/v1/card-plans", envelope: e, user: signedIn, handle: listCardPlans},
	}
}

// cardDeskRoutes are for those who do the transfers at the bank.
func cardDeskRoutes() []route {
	const get, post, put = http.MethodGet, http.MethodPost, http.MethodPut
	const viewer, desk, admin = operator.RoleViewer, operator.RoleOperator, operator.RoleAdmin
	e := operatorEnvelope
	return []route{
		// cardorder: the queue.
		{method: get, path: "/api/operator/card/orders", envelope: e, role: viewer, handle: listCardOrders},
		// cardorder: one of it; the card in full for the claimer.
		{method: get, path: "/api/operator/card/orders/:id", envelope: e, role: viewer, handle: showCardOrderAtDesk},
		// cardorder: somebody takes it up.
		{method: post, path: "/api/operator/card/orders/:id/claim", envelope: e, role: desk, handle: claimCardOrder},
		// cardorder: and gives it back.
		{method: post, path: "/api/operator/card/orders/:id/release", envelope: e, role: desk, handle: releaseCardOrder},
		// cardorder: the transfer is done.
		{method: post, path: "/api/operator/card/orders/:id/complete", envelope: e, role: desk, handle: completeCardOrder},
		// cardorder: the transfer cannot be done.
		{method: post, path: "/api/operator/card/orders/:id/cancel", envelope: e, role: desk, handle: cancelCardOrderAtDesk},
		// cardorder: the operator writes to the user.
		{method: post, path: "/api/operator/card/orders/:id/messages", envelope: e, role: desk, handle: sayAtCardDesk},
		// cardorder: and reads.
		{method: get, path: "/api/operator/card/orders/:id/messages", envelope: e, role: viewer, handle: cardDeskMessages},
		// cardorder: the terms in force.
		{method: get, path: "/api/operator/card/settings", envelope: e, role: viewer, handle: cardLimits},
		// cardorder: an admin changes them, or switches card orders off.
		{method: put, path: "/api/operator/card/settings", envelope: e, role: admin, handle: setCardSettings},
	}
}

func p2pRoutes() []route {
	const get, post, put, patch, remove = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete
	e := walletEnvelope
	return []route{
		// exchange: a user offers to buy or sell.
		{method: post, path: "/api/v1/p2p/ads", envelope: e, user: signedIn, handle: createAd},
		// exchange: everybody looks for an offer.
		{method: get, path: "/api/v1/p2p/ads", envelope: e, user: anyone, handle: listAds},
		// exchange: one of them.
		{method: get, path: "/api/v1/p2p/ads/:id", envelope: e, user: anyone, handle: showAd},
		// exchange: its owner changes it.
		{method: put, path: "/api/v1/p2p/ads/:id", envelope: e, user: signedIn, handle: changeAd},
		// exchange: its owner takes it away.
		{method: remove, path: "/api/v1/p2p/ads/:id", envelope: e, user: signedIn, handle: deleteAd},
		// exchange: a user answers an ad.
		{method: post, path: "/api/v1/p2p/orders", envelope: e, user: signedIn, handle: createP2POrder},
		// exchange: what a user takes part in; stands before the route of one order.
		{method: get, path: "/api/v1/p2p/orders/my", envelope: e, user: signedIn, handle: myP2POrders},
		// exchange: one order, for its participants.
		{method: get, path: "/api/v1/p2p/orders/:id", envelope: e, user: signedIn, handle: showP2POrder},
		// exchange: the seller wants the money elsewhere.
		{method: patch, path: "/api/v1/p2p/orders/:id", envelope: e, user: signedIn, handle: changeP2PDetails},
		// exchange: the buyer says that he paid.
		{method: post, path: "/api/v1/p2p/orders/:id/confirm-paid", envelope: e, user: signedIn, handle: confirmP2PPaid},
		// exchange: the seller says that the payment arrived.
		{method: post, path: "/api/v1/p2p/orders/:id/confirm-received", envelope: e, user: signedIn, handle: confirmP2PReceived},
		// exchange: either side gives up.
		{method: post, path: "/api/v1/p2p/orders/:id/cancel", envelope: e, user: signedIn, handle: cancelP2POrder},
		// exchange: either side wants a person to look.
		{method: post, path: "/api/v1/p2p/orders/:id/call-operator", envelope: e, user: signedIn, handle: callP2POperator},
		// exchange: either side rates the other.
		{method: post, path: "/api/v1/p2p/orders/:id/rate", envelope: e, user: signedIn, handle: rateP2POrder},
		// exchange: the participants talk.
		{method: post, path: "/api/v1/p2p/orders/:id/messages", envelope: e, user: signedIn, handle: sayInP2POrder},
		// exchange: and read.
		{method: get, path: "/api/v1/p2p/orders/:id/messages", envelope: e, user: signedIn, handle: p2pMessages},
	}
}

// disputeRoutes are for those who may judge between two users.
func disputeRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	const viewer, judge = operator.RoleViewer, operator.RoleApprover
	e := operatorEnvelope
	return []route{
		// exchange: what waits for a judgement.
		{method: get, path: "/api/operator/p2p/disputes", envelope: e, role: viewer, handle: listDisputes},
		// exchange: one of them.
		{method: get, path: "/api/operator/p2p/disputes/:order_id", envelope: e, role: viewer, handle: showDispute},
		// exchange: somebody takes it up.
		{method: post, path: "/api/operator/p2p/disputes/:order_id/claim", envelope: e, role: judge, handle: claimDispute},
		// exchange: and gives it back.
		{method: post, path: "/api/operator/p2p/disputes/:order_id/release", envelope: e, role: judge, handle: releaseDispute},
		// exchange: the claimer decides.
		{method: post, path: "/api/operator/p2p/disputes/:order_id/resolve", envelope: e, role: judge, handle: resolveDispute},
		// exchange: and asks the participants.
		{method: post, path: "/api/operator/p2p/disputes/:order_id/messages", envelope: e, role: judge, handle: sayInDispute},
		// exchange: what they said.
		{method: get, path: "/api/operator/p2p/disputes/:order_id/messages", envelope: e, role: viewer, handle: disputeMessages},
	}
}

// gameDeskRoutes are for those who take providers of games on and look after
// their players.
func gameDeskRoutes() []route {
	const get, post, put, patch = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch
	const viewer, admin = operator.RoleViewer, operator.RoleAdmin
	e := operatorEnvelope
	return []route{
		// gameprovider: the back office looks providers of games up.
		{method: get, path: "/api/operator/providers", envelope: e, role: viewer, handle: listProviders},
		// gameprovider: an admin takes one on.
		{method: post, path: "/api/operator/providers", envelope: e, role: admin, handle: createProvider},
		// gameprovider: one of them.
		{method: get, path: "/api/operator/providers/:name", envelope: e, role: viewer, handle: showProvider},
		// gameprovider: an admin gives it another profile.
		{method: patch, path: "/api/operator/providers/:name", envelope: e, role: admin, handle: changeProvider},
		// gameprovider: an admin gives out new keys.
		{method: post, path: "/api/operator/providers/:name/rotate-keys", envelope: e, role: admin, handle: rotateProviderKeys},
		// gameprovider: an admin shuts a provider out.
		{method: post, path: "/api/operator/providers/:name/disable", envelope: e, role: admin, handle: disableProvider},
		// gameprovider: and lets it in again.
		{method: post, path: "/api/operator/providers/:name/enable", envelope: e, role: admin, handle: enableProvider},
		// gameprovider: the ways in which providers differ.
		{method: get, path: "/api/operator/provider-profiles", envelope: e, role: viewer, handle: listProviderProfiles},
		// gameprovider: an admin makes or changes one.
		{method: put, path: "/api/operator/provider-profiles/:profile", envelope: e, role: admin, handle: putProviderProfile},
		// gameprovider: what can be played.
		{method: get, path: "/api/operator/games", envelope: e, role: viewer, handle: listGames},
		// gameprovider: an admin adds a game, or switches it on and off.
		{method: put, path: "/api/operator/games", envelope: e, role: admin, handle: setGame},
		// gameprovider: who plays.
		{method: get, path: "/api/operator/players", envelope: e, role: viewer, handle: listPlayers},
		// gameprovider: an admin, or the platform with an admin's token, binds a player to a user.
		{method: post, path: "/api/operator/players", envelope: e, role: admin, handle: bindPlayer},
		// gameprovider: one of them.
		{method: get, path: "/api/operator/players/:provider/:player_id", envelope: e, role: viewer, handle: showPlayer},
		// gameprovider: an admin sets the player's limits.
		{method: patch, path: "/api/operator/players/:provider/:player_id", envelope: e, role: admin, handle: changePlayer},
		// gameprovider: an admin keeps a player from betting.
		{method: post, path: "/api/operator/players/:provider/:player_id/block", envelope: e, role: admin, handle: blockPlayer},
		// gameprovider: and ends that.
		{method: post, path: "/api/operator/players/:provider/:player_id/unblock", envelope: e, role: admin, handle: unblockPlayer},
		// gameprovider: who plays now, and who did.
		{method: get, path: "/api/operator/sessions", envelope: e, role: viewer, handle: listSessions},
		// gameprovider: the platform lets a player into a game.
		{method: post, path: "/api/operator/sessions", envelope: e, role: admin, handle: openSession},
		// gameprovider: and out again.
		{method: post, path: "/api/operator/sessions/:provider/:session_id/close", envelope: e, role: admin, handle: closeSession},
		// gameprovider: the platform has told the player how long it has been.
		{method: post, path: "/api/operator/sessions/:provider/:session_id/check", envelope: e, role: admin, handle: checkSession},
		// gamewallet: rounds that did not end, for one.
		{method: get, path: "/api/operator/rounds", envelope: e, role: viewer, handle: listRounds},
		// gamewallet: what providers did, to be compared with their own lists.
		{method: get, path: "/api/operator/game-transactions", envelope: e, role: viewer, handle: listGameTransactions},
	}
}

func bookRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	const viewer = operator.RoleViewer
	e := operatorEnvelope
	return []route{
		// ledger: balances of all accounts.
		{method: get, path: "/api/operator/ledger/accounts", envelope: e, role: viewer, handle: listAccounts},
		// ledger: what moved on one account.
		{method: get, path: "/api/operator/ledger/accounts/:id/statement", envelope: e, role: viewer, handle: accountStatement},
		// ledger: one transfer.
		{method: get, path: "/api/operator/ledger/transfers/:id", envelope: e, role: viewer, handle: showTransfer},
		// ledger: a proof of the books; reads everything, changes nothing.
		{method: post, path: "/api/operator/ledger/verify", envelope: e, role: viewer, timeout: verifyTimeout, handle: verifyLedger},
		// export: a whole list as a file.
		{method: get, path: "/api/operator/exports/:file", envelope: e, role: viewer, handle: exportList},
		// export: what a merchant had, what moved and what it has, by day.
		{method: get, path: "/api/operator/merchants/:name/statement", envelope: e, role: viewer, handle: merchantStatement},
		// audit: who did what.
		{method: get, path: "/api/operator/audit", envelope: e, role: viewer, handle: listAudit},
	}
}

func (a *api) serviceRoutes() []route {
	const get = http.MethodGet
	e := operatorEnvelope
	var metrics []route
	if !a.MetricsElsewhere {
		// service: Prometheus collects.
		metrics = []route{{method: get, path: "/metrics", envelope: e, handle: a.serveMetrics()}}
	}
	return append(metrics, []route{
		// service: an orchestrator asks whether the process answers.
		{method: get, path: "/healthz", envelope: e, handle: healthz},
		// service: a load balancer asks whether it may send traffic.
		{method: get, path: "/readyz", envelope: e, handle: readyz},
		// reference: integrators' tools read the contract.
		{method: get, path: "/openapi.yaml", envelope: e, handle: serveAsset("application/yaml; charset=utf-8", openAPIYAML)},
		// reference: the same for tools without YAML, and for the page below.
		{method: get, path: "/openapi.json", envelope: e, handle: serveOpenAPIJSON},
		// reference: integrators read it.
		{method: get, path: "/docs", envelope: e, handle: serveAsset("text/html; charset=utf-8", docsPage)},
		// reference: the parts of the page.
		{method: get, path: "/docs/page.js", envelope: e, handle: serveAsset("text/javascript; charset=utf-8", docsScript)},
		{method: get, path: "/docs/page.css", envelope: e, handle: serveAsset("text/css; charset=utf-8", docsStyle)},
		{method: get, path: "/docs/scalar.js", envelope: e, handle: serveAsset("text/javascript; charset=utf-8", docsBundle)},
		{method: get, path: "/docs/scalar.LICENSE", envelope: e, handle: serveAsset("text/plain; charset=utf-8", docsLicence)},
	}...)
}
