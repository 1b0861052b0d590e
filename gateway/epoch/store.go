package epoch

const (
	bumpNumber   = `update config_epoch set n = n + 1`
	selectNumber = `select n from config_epoch`
)
