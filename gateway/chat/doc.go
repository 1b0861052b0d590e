// Package chat is the conversation about an order: what its users and the
// operators wrote, oldest first.
//
// It promises that a message is stored once per idempotency key, that its text
// rests encrypted (people write card numbers into chats), comes back as it was
// sent, and goes into logs only through Mask. It leaves to the features whose
// orders are talked about who may read and write.
package chat
