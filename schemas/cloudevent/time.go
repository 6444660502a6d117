package cloudevent

import (
	"errors"
	"time"
)

var (
	errTimeForm  = errors.New(`write it like "2018-04-05T17:31:00Z" or "2018-04-05T17:31:00.5+02:00"`)
	errTimeRange = errors.New("a part of it is out of range")
	errLeap      = errors.New("second 60 exists only at 23:59:60 UTC")
)

// ParseTime reads a time as attributes have it: an RFC 3339 date-time, in which a
// leap second is the first moment of the next minute.
func ParseTime(s string) (time.Time, error) { return parseTime(s) }

// parseTime reads an RFC 3339 section 5.6 date-time. Unlike time.Parse it
// takes lower-case t and z and leap seconds, as the RFC has them, and neither a
// comma before the fraction nor an hour of one digit. A leap second is the
// first moment of the next minute; digits of the fraction beyond the ninth
// are dropped.
func parseTime(s string) (time.Time, error) {
	const shape = "0000-00-00T00:00:00"
	if len(s) <= len(shape) || !fits(s, shape) {
		return time.Time{}, errTimeForm
	}
	nanos, rest, ok := fraction(s[len(shape):])
	if !ok {
		return time.Time{}, errTimeForm
	}
	offset, err := zone(rest)
	if err != nil {
		return time.Time{}, err
	}
	year, month, day := num(s[0:2])*100+num(s[2:4]), num(s[5:7]), num(s[8:10])
	hour, minute, second := num(s[11:13]), num(s[14:16]), num(s[17:19])
	if month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || second > 60 {
		return time.Time{}, errTimeRange
	}
	if second == 60 && mod(hour*60+minute-offset, 24*60) != 24*60-1 {
		return time.Time{}, errLeap
	}
	loc := time.UTC
	if offset != 0 {
		loc = time.FixedZone("", offset*60)
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, nanos, loc), nil
}

// fits compares with a shape in which 0 is any digit and T is t or T.
func fits(s, shape string) bool {
	for i := range len(shape) {
		c := s[i]
		switch shape[i] {
		case '0':
			if c < '0' || c > '9' {
				return false
			}
		case 'T':
			if c|0x20 != 't' {
				return false
			}
		default:
			if c != shape[i] {
				return false
			}
		}
	}
	return true
}

func num(two string) int { return int(two[0]-'0')*10 + int(two[1]-'0') }

// fraction reads an optional "." and its digits.
func fraction(s string) (nanos int, rest string, ok bool) {
	if s[0] != '.' {
		return 0, s, true
	}
	scale, i := 100_000_000, 1
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		nanos += int(s[i]-'0') * scale
		scale /= 10
	}
	return nanos, s[i:], i > 1
}

// zone is the offset from UTC in minutes.
func zone(s string) (int, error) {
	if s == "Z" || s == "z" {
		return 0, nil
	}
	if len(s) != len("+00:00") || s[0] != '+' && s[0] != '-' || !fits(s[1:], "00:00") {
		return 0, errTimeForm
	}
	hour, minute := num(s[1:3]), num(s[4:6])
	if hour > 23 || minute > 59 {
		return 0, errTimeRange
	}
	if s[0] == '-' {
		return -hour*60 - minute, nil
	}
	return hour*60 + minute, nil
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

func mod(a, b int) int { return ((a % b) + b) % b }
