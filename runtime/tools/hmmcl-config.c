/* SPDX-License-Identifier: MIT */
/*
 * hmmcl-config: the environment variables that hmmcl reads, with their defaults, their meaning, and
 * what they are set to now.  Made from the same table as the reading itself
 * (runtime/core/config.def).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct variable {
	const char *name;
	const char *values;		/* "a|b|c", or NULL: any text */
	const char *default_value;	/* NULL: not set */
	const char *help;
};

static const struct variable variables[] = {
#define STRING(member, variable, default_value, help) { #variable, NULL, default_value, help },
#define CHOICE(member, variable, default_value, words, help) \
	{ #variable, words, default_value, help },
#include "../core/config.def"
#undef STRING
#undef CHOICE
};

/* Words of @text in lines of at most 76 columns, indented by 8. */
static void print_wrapped(const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t length = strcspn(text, " ");

		if (column && column + 1 + length > 76) {
			printf("\n");
			column = 0;
		}
		if (column == 0)
			column = (size_t)printf("\t%.*s", (int)length, text) + 7;
		else
			column += (size_t)printf(" %.*s", (int)length, text);
		text += length;
		text += strspn(text, " ");
	}
	printf("\n");
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		FILE *out = !strcmp(argv[1], "--help") ? stdout : stderr;

		fprintf(out,
			"usage: hmmcl-config\nLists the environment variables that hmmcl reads.\n");
		return out == stdout ? 0 : 2;
	}
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		const struct variable *variable = &variables[i];
		const char *value = getenv(variable->name);

		printf("%s%s%s", variable->name, variable->values ? "=" : "",
		       variable->values ? variable->values : "");
		if (variable->default_value)
			printf("  (default: %s)", variable->default_value);
		if (value)
			printf("  (now: %s)", value);
		printf("\n");
		print_wrapped(variable->help);
	}
	return 0;
}
