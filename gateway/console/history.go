package console

import (
	"encoding/json"
	"slices"
	"strings"

	"disburse/gateway/audit"
)

// deeds name what operators do to an order, as its timeline says it.
var deeds = map[string]string{
	"claim": "claimed", "release": "released", "hand_over": "handed_over", "card_shown": "requisite_shown", "details": "requisite_shown",
	"complete": "completed", "cancel": "cancelled", "resolve": "resolved",
}

// deedLines are what operators did to an order, the oldest first. What they
// wrote in its chat is there, and not here.
func deedLines(history []audit.Item, who *people) []line {
	var lines []line
	for _, item := range slices.Backward(history) {
		_, action, _ := strings.Cut(item.Action, ".")
		kind, known := deeds[action]
		if !known {
			continue
		}
		var after struct {
			Note      string `json:"note"`
			Reason    string `json:"reason"`
			ClaimedBy string `json:"claimed_by"`
			To        string `json:"to"`
		}
		_ = json.Unmarshal(item.After, &after) // other states have none of these
		l := line{At: item.At, Kind: kind, Actor: item.Actor.Name, Note: after.Note + after.Reason}
		switch kind {
		case "handed_over":
			l.Actor += " → " + who.name(after.ClaimedBy)
		case "resolved":
			l.Kind, l.Transition = "resolved_to_the_"+after.To, true
		case "completed", "cancelled":
			l.Transition = true
		}
		lines = append(lines, l)
	}
	return lines
}

// lastWord is the last note of somebody who gave an item away.
func lastWord(lines []line) (word line) {
	for _, l := range lines {
		if l.Kind == "handed_over" || l.Kind == "released" {
			word = l
		}
	}
	return word
}
