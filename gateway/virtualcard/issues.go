package virtualcard

// Literal is a member of a JSON object as it was sent, with its quotes if it is
// a text; "" when it is missing.
type Literal string

// Issue is one thing that is wrong with the input. Which fields are set depends
// on the code.
type Issue struct {
	Code       string   // "too_small", "too_big", "not_multiple_of", "invalid_type"
	Minimum    string   // with too_small: a number
	Maximum    string   // with too_big: a number
	MultipleOf string   // with not_multiple_of: a number
	Expected   string   // with invalid_type: "number", "string", "integer"
	Received   string   // with invalid_type: "undefined", "string", "number", ...
	Type       string   // with too_small and too_big: "number" or "string"
	Inclusive  bool     // shown with too_small and too_big, as is Exact
	Exact      bool     //
	Message    string   // for people
	Path       []string // of the member; empty for the body as a whole
}

// InvalidError is input that can never be taken, everything that is wrong with
// it at once.
type InvalidError struct{ Issues []Issue }

func (e *InvalidError) Error() string {
	if len(e.Issues) == 0 {
		return "Invalid input data"
	}
	return "Invalid input data: " + e.Issues[0].Message
}
