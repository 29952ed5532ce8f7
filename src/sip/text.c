// SPDX-License-Identifier: Apache-2.0
// The words of SIP: methods (RFC 3261 section 7.1 and the RFCs that add to it), statuses (section
// 21 and the IANA registry), and what we say about a fault.
#include "sip/sip_int.h"

static const struct span methods[] = {
    [SIP_METHOD_OTHER] = {"?", 1},
    [SIP_INVITE] = {"INVITE", 6},
    [SIP_ACK] = {"ACK", 3},
    [SIP_BYE] = {"BYE", 3},
    [SIP_CANCEL] = {"CANCEL", 6},
    [SIP_REGISTER] = {"REGISTER", 8},
    [SIP_OPTIONS] = {"OPTIONS", 7},
    [SIP_PRACK] = {"PRACK", 5},
    [SIP_SUBSCRIBE] = {"SUBSCRIBE", 9},
    [SIP_NOTIFY] = {"NOTIFY", 6},
    [SIP_PUBLISH] = {"PUBLISH", 7},
    [SIP_INFO] = {"INFO", 4},
    [SIP_REFER] = {"REFER", 5},
    [SIP_MESSAGE] = {"MESSAGE", 7},
    [SIP_UPDATE] = {"UPDATE", 6},
};

enum { METHOD_COUNT = sizeof methods / sizeof methods[0] };

enum sip_method sip_find_method(struct span name)
{
    for (unsigned i = SIP_INVITE; i < METHOD_COUNT; i++) {
        if (span_eq(name, methods[i])) return (enum sip_method)i;
    }
    return SIP_METHOD_OTHER;
}

const char *sip_method_text(enum sip_method method)
{
    return methods[(unsigned)method < METHOD_COUNT ? method : SIP_METHOD_OTHER].at;
}

static const char *provisional_text(unsigned status)
{
    switch (status) {
    case 180: return "Ringing";
    case 181: return "Call Is Being Forwarded";
    case 182: return "Queued";
    case 183: return "Session Progress";
    case 199: return "Early Dialog Terminated";
    default: return "Trying";
    }
}

static const char *success_text(unsigned status)
{
    switch (status) {
    case 202: return "Accepted";
    case 204: return "No Notification";
    default: return "OK";
    }
}

static const char *redirection_text(unsigned status)
{
    switch (status) {
    case 301: return "Moved Permanently";
    case 302: return "Moved Temporarily";
    case 305: return "Use Proxy";
    case 380: return "Alternative Service";
    default: return "Multiple Choices";
    }
}

// 401 to 439
static const char *client_failure_text(unsigned status)
{
    switch (status) {
    case 401: return "Unauthorized";
    case 402: return "Payment Required";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 407: return "Proxy Authentication Required";
    case 408: return "Request Timeout";
    case 410: return "Gone";
    case 412: return "Conditional Request Failed";
    case 413: return "Request Entity Too Large";
    case 414: return "Request-URI Too Long";
    case 415: return "Unsupported Media Type";
    case 416: return "Unsupported URI Scheme";
    case 417: return "Unknown Resource-Priority";
    case 420: return "Bad Extension";
    case 421: return "Extension Required";
    case 422: return "Session Interval Too Small";
    case 423: return "Interval Too Brief";
    case 424: return "Bad Location Information";
    case 428: return "Use Identity Header";
    case 429: return "Provide Referrer Identity";
    case 430: return "Flow Failed";
    case 433: return "Anonymity Disallowed";
    case 436: return "Bad Identity Info";
    case 437: return "Unsupported Credential";
    case 438: return "Invalid Identity Header";
    case 439: return "First Hop Lacks Outbound Support";
    default: return "Bad Request";
    }
}

// 440 to 499
static const char *call_failure_text(unsigned status)
{
    switch (status) {
    case 440: return "Max-Breadth Exceeded";
    case 469: return "Bad Info Package";
    case 470: return "Consent Needed";
    case 480: return "Temporarily Unavailable";
    case 481: return "Call/Transaction Does Not Exist";
    case 482: return "Loop Detected";
    case 483: return "Too Many Hops";
    case 484: return "Address Incomplete";
    case 485: return "Ambiguous";
    case 486: return "Busy Here";
    case 487: return "Request Terminated";
    case 488: return "Not Acceptable Here";
    case 489: return "Bad Event";
    case 491: return "Request Pending";
    case 493: return "Undecipherable";
    case 494: return "Security Agreement Required";
    default: return "Bad Request";
    }
}

static const char *server_failure_text(unsigned status)
{
    switch (status) {
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Server Time-out";
    case 505: return "Version Not Supported";
    case 513: return "Message Too Large";
    case 580: return "Precondition Failure";
    default: return "Server Internal Error";
    }
}

static const char *global_failure_text(unsigned status)
{
    switch (status) {
    case 603: return "Decline";
    case 604: return "Does Not Exist Anywhere";
    case 606: return "Not Acceptable";
    case 607: return "Unwanted";
    case 608: return "Rejected";
    default: return "Busy Everywhere";
    }
}

const char *sip_status_text(unsigned status)
{
    switch (status / 100) {
    case 1: return provisional_text(status);
    case 2: return success_text(status);
    case 3: return redirection_text(status);
    case 4: return status < 440 ? client_failure_text(status) : call_failure_text(status);
    case 5: return server_failure_text(status);
    case 6: return global_failure_text(status);
    default: return "Unknown Status";
    }
}

const char *sip_err_text(enum sip_err err)
{
    switch (err) {
    case SIP_OK: return "Message is sound";
    case SIP_ERR_TOO_BIG: return "Message is too big";
    case SIP_ERR_START_LINE: return "Start line is not valid";
    case SIP_ERR_VERSION: return "SIP version is not supported";
    case SIP_ERR_HEADER: return "Header line is not valid";
    case SIP_ERR_URI_SCHEME: return "URI scheme is not supported";
    case SIP_ERR_URI: return "URI is not valid";
    case SIP_ERR_MISSING: return "Mandatory header is missing";
    case SIP_ERR_DUPLICATE: return "Header stands twice";
    case SIP_ERR_VIA: return "Via is not valid";
    case SIP_ERR_ADDRESS: return "Address is not valid";
    case SIP_ERR_CSEQ: return "CSeq is not valid";
    case SIP_ERR_METHOD_MISMATCH: return "CSeq names another method";
    case SIP_ERR_NUMBER: return "Number is out of range";
    case SIP_ERR_CONTENT_LENGTH: return "Content-Length is not valid";
    case SIP_ERR_NO_MEMORY: return "No memory left for the message";
    }
    return "Unknown fault";
}

unsigned sip_fault_status(enum sip_err err)
{
    switch (err) {
    case SIP_ERR_VERSION: return 505;
    case SIP_ERR_URI_SCHEME: return 416;
    case SIP_ERR_TOO_BIG: return 513;
    case SIP_ERR_NO_MEMORY: return 503;
    default: return 400;
    }
}
