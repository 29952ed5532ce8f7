// SPDX-License-Identifier: Apache-2.0
// Documents of dialogs as PBXs write them, and as nobody should: what is read, what is refused.
#include "desk/desk.h"
#include "unit/check.h"

#include <stdio.h>
#include <string.h>

// Prints what is read: "full 3: id call-id state>; ..." or "fault".
static const char *read(const char *text)
{
    static char bytes[2048];
    struct buffer out = buffer_over(bytes, sizeof bytes - 1);
    struct desk_document document;
    struct desk_dialog dialog;
    static const char *const states[] = {"early", "confirmed", "over"};
    enum xml_kind kind;
    if (!desk_document_begin(&document, span_of(text))) return "no document";
    buffer_printf(&out, "%s %llu", document.is_full ? "full" : "partial",
                  (unsigned long long)document.version);
    while ((kind = desk_document_next(&document, &dialog)) == XML_CLOSE) {
        buffer_printf(&out, "; %.*s/%.*s %s%s", SPAN_ARG(dialog.id), SPAN_ARG(dialog.call_id),
                      states[dialog.state], dialog.is_called ? " called" : "");
    }
    bytes[out.len] = '\0';
    return kind == XML_END ? bytes : "fault";
}

static void test_what_is_read(void **state)
{
    (void)state;
    assert_string_equal(read("<?xml version=\"1.0\"?>\r\n"
                             "<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" "
                             "version=\"3\" state=\"full\" entity=\"sip:102@pbx\">\r\n"
                             "<dialog id=\"a\" call-id=\"c@h\" local-tag=\"1\" remote-tag=\"2\" "
                             "direction=\"recipient\">\r\n<state event=\"replaced\"> confirmed "
                             "</state>\r\n<remote><identity display=\"x\">sip:1@h</identity>"
                             "<target uri=\"sip:1@h\"><param pname=\"+sip.rendering\" pval=\"no\"/>"
                             "</target></remote></dialog>\r\n"
                             "<dialog id=\"b\"><state>Trying</state></dialog></dialog-info>\r\n"),
                        "full 3; a/c@h confirmed called; b/ early");
    assert_string_equal(read("\xef\xbb\xbf<d:dialog-info xmlns:d='x' version='0' state='partial'>"
                             "<!-- <dialog id='no'/> --><d:dialog id='a'><d:state>terminated"
                             "</d:state></d:dialog></d:dialog-info>"),
                        "partial 0; a/ over");
    assert_string_equal(read("<dialog-info version=\"00000000001\"/>"), "full 1");
    // Escaped names; a state in CDATA; what is no dialog is passed over, with all that is in it.
    assert_string_equal(read("<dialog-info version='1'><dialog id='a&amp;b&#x41;&#66;&what;&'>"
                             "<state><![CDATA[confirmed]]></state></dialog>"
                             "<other><state>confirmed</state></other></dialog-info>"),
                        "full 1; a&bAB&what;&/ confirmed");
    // The state of a part of a dialog is not the dialog's.
    assert_string_equal(read("<dialog-info version='1'><dialog id='a'><local><state>confirmed"
                             "</state></local></dialog></dialog-info>"),
                        "full 1; a/ early");
}

static void test_what_is_refused(void **state)
{
    static const char *const none[] = {
        "",
        "<",
        "<>",
        "no",
        "<presence/>",
        "<dialog-info/>",
        "<dialog-info version='x'/>",
        "<dialog-info version='4294967296'/>",
        "<!DOCTYPE a><dialog-info version='1'/>",
        "<!DOCTYPE a [<!ENTITY b 'bbbb'><!ENTITY c '&b;&b;'>]><dialog-info version='1'/>",
        "<dialog-info version='1' state='a<b'/>",
        "<dialog-info version='1",
    };
    static const char *const faults[] = {
        "<dialog-info version='1'>",
        "<dialog-info version='1'><dialog></dialog-info>",
        "<dialog-info version='1'></dialog-inf>",
        "<dialog-info version='1'/><dialog-info/>",
        "<dialog-info version='1'/>x",
        "<dialog-info version='1'><!-- </dialog-info>",
        "<dialog-info version='1'><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a></dialog-info>",
        "<dialog-info version='1'><dialog id=a/></dialog-info>",
        "<dialog-info version='1'><dialog id='a' /x></dialog-info>",
    };
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_string_equal(read(none[i]), "no document");
    }
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        assert_string_equal(read(faults[i]), "fault");
    }
}

// A name that is too long is no name, and does not shorten the next one's room.
static void test_long_names(void **state)
{
    char text[2048], id[700];
    (void)state;
    memset(id, 'x', sizeof id - 1);
    id[sizeof id - 1] = '\0';
    snprintf(
        text, sizeof text,
        "<dialog-info version='1'><dialog id='%s' call-id='c'><state>confirmed</state></dialog>"
        "<dialog id='b' call-id='c'><state>confirmed</state></dialog></dialog-info>",
        id);
    assert_string_equal(read(text), "full 1; / confirmed; b/c confirmed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_read),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_long_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
