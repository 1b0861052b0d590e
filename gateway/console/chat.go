package console

import (
	"strconv"

	"disburse/gateway/chat"
	"disburse/gateway/console/site"
)

// talkLength is how many of the last messages a page shows.
const talkLength = 100

// talk is the chat about an order.
type talk struct {
	Path   string // of the order, below the base
	Topic  string // of what is live
	Lines  []talkLine
	Since  int64 // the last message that the visitor had read before the page
	More   bool  // there are earlier messages
	May    bool  // the visitor may write
	Masked bool  // what may be a card number is hidden
	Draft  string
}

type talkLine struct {
	chat.Message
	Name  string
	Shown string // the text, masked for who does not hold the order
	Desk  bool   // an operator wrote it
	First bool   // the first that the visitor has not read
}

// subject is what a chat is about.
type subject struct {
	Of    chat.Subject
	Order int64
	Names map[int64]string // of the users who take part
}

// fill reads the chat and notes that the visitor has read it. since is what the
// page had shown as read, 0 when the page is new.
func (k *desk) fill(v *site.Visit, t *talk, about subject, since int64) error {
	read, err := k.Chat.Latest(v.Ctx, about.Of, about.Order)
	if err != nil {
		return err
	}
	if t.Since = since; since == 0 {
		t.Since = read
	}
	found, more, err := k.Chat.Tail(v.Ctx, about.Of, about.Order, talkLength)
	if err != nil {
		return err
	}
	t.More = more
	unread := false
	for _, m := range found {
		l := talkLine{Message: m, Name: about.Names[m.UserID], Shown: m.Text, Desk: m.UserID == 0}
		if t.Masked {
			l.Shown = chat.Mask(m.Text)
		}
		if !l.Desk && m.ID > t.Since && !unread {
			l.First, unread = true, true
		}
		t.Lines = append(t.Lines, l)
	}
	if len(found) == 0 {
		return nil
	}
	return k.Chat.Read(v.Ctx, about.Of, about.Order, found[len(found)-1].ID)
}

// sinceOf is what a part of a page says the page has shown as read. Nothing
// read is told as -1, so that it is not taken for a new page.
func sinceOf(v *site.Visit) int64 {
	since, err := strconv.ParseInt(v.Query("since"), 10, 64)
	if err != nil {
		return 0
	}
	return since
}

// Mark is Since as sinceOf reads it.
func (t talk) Mark() int64 {
	if t.Since == 0 {
		return -1
	}
	return t.Since
}
