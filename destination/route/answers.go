package route

import (
	"destination-webhook/destination/answer"
	"destination-webhook/destination/config"
)

// kinds are what the meanings of a config are to answer.
var kinds = map[config.Meaning]answer.Kind{
	config.MeansDelivered: answer.Delivered,
	config.MeansRetry:     answer.Transient,
	config.MeansReject:    answer.Refused,
	config.MeansStop:      answer.Misconfigured,
}

// Answers returns the rules by which answers are read, nil if the config has none.
func Answers(a config.Answers) (*answer.Rules, error) { return programs{}.answers(a) }

func (p programs) answers(a config.Answers) (rules *answer.Rules, err error) {
	if len(a.Statuses) == 0 && a.SuccessIf == "" && a.RejectedRows == "" {
		return nil, nil
	}
	rules = &answer.Rules{Statuses: make(map[int]answer.Kind), Otherwise: kinds[a.Otherwise]}
	for status, meaning := range a.Meanings() {
		rules.Statuses[status] = kinds[meaning]
	}
	if rules.SuccessIf, err = p.compile("answers.success_if", a.SuccessIf); err != nil {
		return nil, err
	}
	rules.RejectedRows, err = p.compile("answers.rejected_rows", a.RejectedRows)
	return rules, err
}
