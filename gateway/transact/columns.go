package transact

import "reflect"

// Columns makes the arguments of a set-based statement, which takes an array a
// column, for one row alone: an array of one value each.
func Columns(row []any) []any {
	columns := make([]any, len(row))
	for i, value := range row {
		column := reflect.MakeSlice(reflect.SliceOf(reflect.TypeOf(value)), 1, 1)
		column.Index(0).Set(reflect.ValueOf(value))
		columns[i] = column.Interface()
	}
	return columns
}
