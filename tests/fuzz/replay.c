/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds every file of the folders (or files) named on the command line to a fuzz target, without libFuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int one(const char *path)
{
	FILE *f = fopen(path, "rb");
	if (!f) {
		perror(path);
		return -1;
	}
	/* Exactly as large as the file, so that a sanitizer sees the first byte read beyond it. */
	struct stat st;
	uint8_t *data = NULL;
	size_t size = 0;
	if (fstat(fileno(f), &st) == 0 && st.st_size > 0) {
		data = malloc((size_t)st.st_size);
		if (data)
			size = fread(data, 1, (size_t)st.st_size, f);
	}
	fclose(f);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	int files = 0;
	for (int i = 1; i < argc; i++) {
		struct dirent **names;
		int n = scandir(argv[i], &names, NULL, alphasort);
		if (n < 0) {
			if (one(argv[i]))
				return 1;
			files++;
			continue;
		}
		for (int k = 0; k < n; k++) {
			char path[4096];
			snprintf(path, sizeof path, "%s/%s", argv[i], names[k]->d_name);
			if (names[k]->d_name[0] != '.') {
				if (one(path))
					return 1;
				files++;
			}
			free(names[k]);
		}
		free(names);
	}
	printf("%d inputs\n", files);
	return files ? 0 : 1;
}
