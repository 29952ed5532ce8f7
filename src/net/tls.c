// SPDX-License-Identifier: Apache-2.0
// TLS over bytes: OpenSSL between two memory buffers, one of what the peer sent and one of what is
// to be sent to it. Versions from 1.2 on (RFC 8996). The peer's certificate must be valid for the
// host that we meant (RFC 5922, RFC 6125), and when it is not, the cause is told.
#include "net/net_int.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOST_SIZE = 256, PROBLEM_SIZE = 120, RECORD_HEADER_LEN = 5, RECORD_HANDSHAKE = 22 };

struct tls {
    SSL *ssl;
    BIO *received, *unsent; // owned by `ssl`
    BIO *early;             // what is to be sent once the handshake is over
    bool has_begun;         // OpenSSL has seen the peer's first record
    char problem[PROBLEM_SIZE];
};

struct tls_context {
    SSL_CTX *context;
};

// ---- What went wrong

static const char *reason_of_error(const char *otherwise)
{
    unsigned long error = ERR_peek_error();
    switch (ERR_GET_REASON(error)) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION: return "the peer has no TLS version from 1.2 on";
    default: break;
    }
    const char *text = error ? ERR_reason_error_string(error) : NULL;
    return text ? text : otherwise;
}

static void note_problem(struct tls *tls)
{
    long verdict = SSL_get_verify_result(tls->ssl);
    const char *text;
    switch (verdict) {
    case X509_V_OK: text = reason_of_error("the peer ended the handshake"); break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: text = "the certificate is for another host"; break;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        text = "the certificate is signed by an unknown authority";
        break;
    default: text = X509_verify_cert_error_string(verdict); break;
    }
    (void)snprintf(tls->problem, sizeof tls->problem, "TLS: %s", text);
    ERR_clear_error();
}

const char *tls_problem(const struct tls *tls)
{
    return tls->problem;
}

// ---- Contexts

static SSL_CTX *new_context(const SSL_METHOD *method)
{
    SSL_CTX *context = SSL_CTX_new(method);
    if (!context) return NULL;
    (void)SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1) return context;
    SSL_CTX_free(context);
    return NULL;
}

struct tls_context *tls_new_server_context(const char *certificate_file, const char *key_file,
                                           struct net_problem *problem)
{
    const char *file = certificate_file;
    struct tls_context *context = calloc(1, sizeof *context);
    ERR_clear_error();
    if (context) context->context = new_context(TLS_server_method());
    if (!context || !context->context) goto failed;
    if (SSL_CTX_use_certificate_chain_file(context->context, certificate_file) != 1) goto failed;
    file = key_file;
    if (SSL_CTX_use_PrivateKey_file(context->context, key_file, SSL_FILETYPE_PEM) == 1 &&
        SSL_CTX_check_private_key(context->context) == 1) {
        return context;
    }
failed:
    (void)net_fail(problem, ERR_INVALID, file, reason_of_error("cannot be used"));
    ERR_clear_error();
    tls_free_context(context);
    return NULL;
}

void tls_free_context(struct tls_context *context)
{
    if (!context) return;
    SSL_CTX_free(context->context);
    free(context);
}

// ---- Life

// `context` is referenced by what is made of it.
static struct tls *new_tls(SSL_CTX *context)
{
    struct tls *tls = calloc(1, sizeof *tls);
    if (!tls) return NULL;
    tls->ssl = SSL_new(context);
    tls->received = BIO_new(BIO_s_mem());
    tls->unsent = BIO_new(BIO_s_mem());
    tls->early = BIO_new(BIO_s_mem());
    if (tls->ssl && tls->received && tls->unsent && tls->early) {
        SSL_set_bio(tls->ssl, tls->received, tls->unsent);
        SSL_set_mode(tls->ssl, SSL_MODE_RELEASE_BUFFERS);
        return tls;
    }
    BIO_free(tls->received);
    BIO_free(tls->unsent);
    tls->received = tls->unsent = NULL;
    tls_free(tls);
    return NULL;
}

void tls_free(struct tls *tls)
{
    if (!tls) return;
    SSL_free(tls->ssl); // with its two buffers
    BIO_free(tls->early);
    free(tls);
}

struct tls *tls_new_server(const struct tls_context *context)
{
    struct tls *tls = new_tls(context->context);
    if (tls) SSL_set_accept_state(tls->ssl);
    return tls;
}

// The names that the peer's certificate must have.
static bool expect_host(struct tls *tls, struct span host)
{
    char name[HOST_SIZE];
    struct address address;
    bool is_address = address_parse(host, &address);
    if (is_address && host.len > 2 && host.at[0] == '[') host = span_slice(host, 1, host.len - 1);
    if (!text_copy(name, sizeof name, host)) return false;
    if (is_address) {
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls->ssl), name) == 1;
    }
    SSL_set_hostflags(tls->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(tls->ssl, name) == 1 && SSL_set_tlsext_host_name(tls->ssl, name) == 1;
}

static bool trust(SSL_CTX *context, const char *ca_file)
{
    if (ca_file[0] == '\0') return SSL_CTX_set_default_verify_paths(context) == 1;
    return SSL_CTX_load_verify_locations(context, ca_file, NULL) == 1;
}

struct tls *tls_new_client(const struct net_tls *options, struct net_problem *problem)
{
    struct tls *tls = NULL;
    const char *subject = "TLS";
    ERR_clear_error();
    SSL_CTX *context = new_context(TLS_client_method());
    if (!context) goto out;
    subject = options->ca_file;
    if (!options->is_unverified && !trust(context, options->ca_file)) goto out;
    subject = "TLS";
    tls = new_tls(context);
    if (!tls) goto out;
    SSL_set_connect_state(tls->ssl);
    SSL_set_verify(tls->ssl, options->is_unverified ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    if (!expect_host(tls, options->host)) {
        tls_free(tls);
        tls = NULL;
    }
out:
    if (!tls) (void)net_fail(problem, ERR_INVALID, subject, reason_of_error("cannot be used"));
    ERR_clear_error();
    SSL_CTX_free(context);
    return tls;
}

// ---- Bytes

bool tls_put_received(struct tls *tls, struct span bytes)
{
    return BIO_write(tls->received, bytes.at, (int)bytes.len) == (int)bytes.len;
}

// What an operation of OpenSSL that did not succeed asks for.
static enum tls_event unfinished(struct tls *tls, int result)
{
    switch (SSL_get_error(tls->ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return TLS_WAIT;
    case SSL_ERROR_ZERO_RETURN: return TLS_CLOSED;
    default: note_problem(tls); return TLS_FAILED;
    }
}

static bool write_early(struct tls *tls)
{
    char *bytes;
    long len = BIO_get_mem_data(tls->early, &bytes);
    bool is_written = len <= 0 || SSL_write(tls->ssl, bytes, (int)len) == (int)len;
    (void)BIO_reset(tls->early);
    return is_written;
}

// Whether the client's first record (RFC 8446 section 5.1) is still under way. OpenSSL would take
// buffers for whoever sends the beginning of one and then nothing.
static bool awaits_hello(struct tls *tls)
{
    char *bytes;
    long len = BIO_get_mem_data(tls->received, &bytes);
    if (tls->has_begun || !SSL_is_server(tls->ssl)) return false;
    if (len < 1) return true;
    if (bytes[0] != RECORD_HANDSHAKE) return false; // for OpenSSL to refuse
    if (len < RECORD_HEADER_LEN) return true;
    long body_len = (uint8_t)bytes[3] << 8 | (uint8_t)bytes[4];
    return body_len <= SSL3_RT_MAX_PLAIN_LENGTH && len < RECORD_HEADER_LEN + body_len;
}

enum tls_event tls_shake(struct tls *tls)
{
    ERR_clear_error();
    if (awaits_hello(tls)) return TLS_WAIT;
    tls->has_begun = true;
    int result = SSL_do_handshake(tls->ssl);
    if (result != 1) return unfinished(tls, result);
    return write_early(tls) ? TLS_DONE : TLS_FAILED;
}

enum tls_event tls_read(struct tls *tls, char *out, size_t size, size_t *len)
{
    ERR_clear_error();
    int result = SSL_read_ex(tls->ssl, out, size, len);
    return result == 1 ? TLS_DONE : unfinished(tls, result);
}

bool tls_write(struct tls *tls, struct span bytes)
{
    ERR_clear_error();
    if (bytes.len == 0) return true;
    BIO *early = SSL_is_init_finished(tls->ssl) ? NULL : tls->early;
    if (early) return BIO_write(early, bytes.at, (int)bytes.len) == (int)bytes.len;
    return SSL_write(tls->ssl, bytes.at, (int)bytes.len) == (int)bytes.len;
}

void tls_shut_down(struct tls *tls)
{
    ERR_clear_error();
    if (SSL_is_init_finished(tls->ssl)) (void)SSL_shutdown(tls->ssl);
    ERR_clear_error();
}

struct span tls_unsent(struct tls *tls)
{
    char *bytes = NULL;
    long len = BIO_get_mem_data(tls->unsent, &bytes);
    return (struct span){bytes, len > 0 ? (size_t)len : 0};
}

void tls_sent(struct tls *tls)
{
    (void)BIO_reset(tls->unsent);
}

size_t tls_early_len(const struct tls *tls)
{
    return BIO_ctrl_pending(tls->early);
}
