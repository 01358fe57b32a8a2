/* SPDX-License-Identifier: Apache-2.0 */
#include "sensitive_check.h"

#include <string.h>

enum { MOST = 256 };

/* 0..9 of a digit, 10..35 of a letter, -1 of anything else. */
static int value_of(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'Z' ? c - 'A' + 10 : -1;
}

static bool all_digits(const uint8_t *v, int n)
{
	for (int i = 0; i < n; i++)
		if (v[i] > 9)
			return false;
	return n > 0;
}

static bool luhn(const uint8_t *v, int n)
{
	int sum = 0;
	for (int i = 0; i < n; i++) {
		int d = v[n - 1 - i];
		if (i % 2 == 1)
			d = d * 2 > 9 ? d * 2 - 9 : d * 2;
		sum += d;
	}
	return all_digits(v, n) && sum % 10 == 0;
}

static bool mod97(const uint8_t *v, int n)
{
	unsigned rest = 0;
	for (int i = 0; i < n && n > 4; i++) {
		unsigned d = v[(i + 4) % n];
		rest = (d > 9 ? rest * 100 + d : rest * 10 + d) % 97;
	}
	return rest == 1;
}

static bool iso7064(const uint8_t *v, int n)
{
	int product = 10;
	if (n < 2 || !all_digits(v, n) || v[0] == 0)
		return false;
	for (int i = 0; i < n - 1; i++) {
		int sum = (v[i] + product) % 10;
		product = (sum ? sum : 10) * 2 % 11;
	}
	return (11 - product) % 10 == v[n - 1];
}

/* Never given: area 000 and 666, group 00, serial 0000. From 900 on it is an ITIN, with groups of its own. */
static bool ssn(const uint8_t *v, int n)
{
	if (n != 9 || !all_digits(v, n))
		return false;
	int area = v[0] * 100 + v[1] * 10 + v[2], group = v[3] * 10 + v[4];
	if (area >= 900)
		return (group >= 50 && group <= 65) || (group >= 70 && group <= 88) || (group >= 90 && group != 93);
	return area != 0 && area != 666 && group != 0 && (v[5] || v[6] || v[7] || v[8]);
}

static bool weights731(const uint8_t *v, int n)
{
	static const int weight[] = { 7, 3, 1 };
	int sum = 0;
	for (int i = 0; i < n - 1; i++)
		sum += v[i] * weight[i % 3];
	return n > 1 && sum % 10 == v[n - 1];
}

static bool mixed(const uint8_t *v, int n)
{
	bool digit = false, letter = false;
	for (int i = 0; i < n; i++)
		*(v[i] > 9 ? &letter : &digit) = true;
	return digit && letter;
}

bool sensitive_check_holds(enum sensitive_check check, const uint8_t *text, int length)
{
	uint8_t v[MOST];
	int n = 0;
	bool holds = false;
	if (check == SENSITIVE_ANY)
		return true;
	for (int i = 0; i < length && n < MOST; i++)
		if (value_of(text[i]) >= 0)
			v[n++] = (uint8_t)value_of(text[i]);
	switch (check) {
	case SENSITIVE_LUHN: holds = luhn(v, n); break;
	case SENSITIVE_MOD97: holds = mod97(v, n); break;
	case SENSITIVE_ISO7064: holds = iso7064(v, n); break;
	case SENSITIVE_SSN: holds = ssn(v, n); break;
	case SENSITIVE_WEIGHTS731: holds = weights731(v, n); break;
	case SENSITIVE_MIXED: holds = mixed(v, n); break;
	case SENSITIVE_ANY: break;
	}
	explicit_bzero(v, sizeof v);
	return holds;
}
