// SPDX-License-Identifier: Apache-2.0
// Certificates for tests of TLS.
#include "unit/net/certificate.h"

#include "base/base.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>

static EVP_PKEY *authority_key;
static X509 *authority;

static void write_file(const char *directory, const char *name, const char *ending,
                       X509 *certificate, EVP_PKEY *key)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s.%s", directory, name, ending);
    FILE *file = fopen(path, "w");
    ASSERT(file);
    if (certificate) ASSERT(PEM_write_X509(file, certificate));
    if (key) ASSERT(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL));
    ASSERT(fclose(file) == 0);
}

static void add_extension(X509 *certificate, int id, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, id, value);
    ASSERT(extension && X509_add_ext(certificate, extension, -1));
    X509_EXTENSION_free(extension);
}

static X509 *new_certificate(const char *subject, EVP_PKEY *key, long from_s, long until_s)
{
    static long serial = 1;
    X509 *certificate = X509_new();
    ASSERT(certificate && X509_set_version(certificate, 2));
    ASSERT(ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++));
    ASSERT(X509_gmtime_adj(X509_getm_notBefore(certificate), from_s));
    ASSERT(X509_gmtime_adj(X509_getm_notAfter(certificate), until_s));
    ASSERT(X509_set_pubkey(certificate, key));
    ASSERT(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                                      (const unsigned char *)subject, -1, -1, 0));
    return certificate;
}

static void sign(X509 *certificate, X509 *issuer, EVP_PKEY *key)
{
    ASSERT(X509_set_issuer_name(certificate, X509_get_subject_name(issuer)));
    ASSERT(X509_sign(certificate, key, EVP_sha256()) > 0);
}

static void make_authority(const char *directory)
{
    authority_key = EVP_EC_gen("P-256");
    authority = new_certificate("Test authority", authority_key, -86400 * 365, 86400 * 365);
    add_extension(authority, NID_basic_constraints, "critical,CA:TRUE");
    sign(authority, authority, authority_key);
    write_file(directory, "ca", "crt", authority, NULL);
}

void make_certificate(const char *directory, const char *name, const char *names, long from_s,
                      long until_s, int is_self_signed)
{
    if (!authority) make_authority(directory);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    ASSERT(key);
    X509 *certificate = new_certificate(name, key, from_s, until_s);
    add_extension(certificate, NID_subject_alt_name, names);
    if (is_self_signed) {
        sign(certificate, certificate, key);
    } else {
        sign(certificate, authority, authority_key);
    }
    write_file(directory, name, "crt", certificate, NULL);
    write_file(directory, name, "key", NULL, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
}
