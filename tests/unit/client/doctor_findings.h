/* SPDX-License-Identifier: GPL-2.0-only */
/* What doctor has found. */
#ifndef DOCTOR_FINDINGS_H
#define DOCTOR_FINDINGS_H

#include <string.h>

#include "doctor/doctor.h"

__attribute__((unused)) static const char *text_of(struct json_object *object, const char *key)
{
	return json_object_get_string(json_object_object_get(object, key)) ?: "";
}

__attribute__((unused)) static struct json_object *finding_of(struct json_object *result,
							      const char *check)
{
	struct json_object *findings = json_object_object_get(result, "findings");

	for (size_t i = 0; i < json_object_array_length(findings); i++) {
		struct json_object *finding = json_object_array_get_idx(findings, i);

		if (strcmp(text_of(finding, "check"), check) == 0)
			return finding;
	}
	return NULL;
}

#endif /* DOCTOR_FINDINGS_H */
