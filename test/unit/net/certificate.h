// SPDX-License-Identifier: Apache-2.0
// Certificates for tests of TLS, made anew for each run.
#pragma once

// Writes DIRECTORY/NAME.crt and DIRECTORY/NAME.key: a certificate of an own authority (whose
// certificate is written to DIRECTORY/ca.crt with the first one) for `names`
// ("DNS:a,IP:127.0.0.1"), valid from and until so many seconds from now. `is_self_signed`: of no
// authority but itself.
void make_certificate(const char *directory, const char *name, const char *names, long from_s,
                      long until_s, int is_self_signed);
