// SPDX-License-Identifier: Apache-2.0
// The presets. Only what differs from the defaults, or what somebody would ask about, stands here.
#include "model/preset.h"

#define COUNT(values) values, sizeof(values) / sizeof(values)[0]

static const struct model_preset_value generic[] = {
    {"transport", "auto", "TCP where the PBX takes it, UDP where it does not"},
    {"diversion", "both", "a PBX ignores the header that it does not know"},
    {"decline_unavailable", "486",
     "480 and 486 leave a desk phone beside us ringing, 603 does not"},
};

static const struct model_preset_value kamailio[] = {
    {"transport", "udp",
     "every routing script listens there; choose tcp or tls where it does, too"},
    {"diversion", "diversion", "a routing script passes it on as it is"},
    {"register_rate", "500", "a proxy takes many registrations a second"},
};

static const struct model_preset_value asterisk[] = {
    {"transport", "udp", "the transport that every configuration has"},
    {"diversion", "diversion", "user and reason are passed on; History-Info in a 302 is ignored"},
    {"register_rate", "50", "each REGISTER is read from its configuration or database"},
};

static const struct model_preset_value freeswitch[] = {
    {"transport", "udp", "the internal profile listens there"},
    {"diversion", "both", "a dial plan can read either from the answer"},
    {"register_rate", "50", "each REGISTER is looked up in the user directory"},
};

static const struct model_preset_value threecx[] = {
    {"transport", "udp", "works without certificates; choose tls with its own certificate"},
    {"diversion", "both", "it is not known which of the two is used"},
    {"register_rate", "20", "its protection against attacks counts requests of one address"},
};

static const struct model_preset_value fritzbox[] = {
    {"server", "fritz.box", "its name in its own network"},
    {"domain", "fritz.box", "it registers telephones under its own name"},
    {"transport", "udp", "IP telephones speak UDP with it"},
    {"diversion", "none", "a trunk of a small site has no use for it"},
    {"register_rate", "5", "a small machine with at most ten IP telephones"},
    {"register_interval_s", "300", "a restart is noticed after five minutes at the latest"},
    {"country_code", "49", "most are in Germany; give the country that yours is in"},
};

static const struct model_preset presets[] = {
    {"generic", "Any other PBX", NULL,
     "Give server, domain and the numbering; then see whether a call is forwarded.",
     COUNT(generic)},
    {"kamailio", "Kamailio, OpenSIPS", "Kamailio 5.6: registration, redirects, transports",
     "The routing script must follow a 302: look the Contact up as if it had been dialled.",
     COUNT(kamailio)},
    {"asterisk", "Asterisk (PJSIP)", NULL,
     "Set max_contacts of the AOR to one more than its telephones, and redirect_method of the "
     "endpoint to user.",
     COUNT(asterisk)},
    {"freeswitch", "FreeSWITCH", NULL,
     "The domain must be the one that its users are in; else the Contact leaves its dial plan.",
     COUNT(freeswitch)},
    {"threecx", "3CX", NULL,
     "Each line has an authentication ID that is not its extension: give it as auth-user, and put "
     "our address on the list of those that are never blocked.",
     COUNT(threecx)},
    {"fritzbox", "FRITZ!Box", NULL,
     "Make an IP telephone for each line; its user name is both the line's extension and "
     "auth-user. "
     "Its internal numbers are dialled with ** before them. Whether it follows a 302 depends on "
     "its "
     "version: try one call.",
     COUNT(fritzbox)},
};

const struct model_preset *model_presets(size_t *count)
{
    *count = sizeof presets / sizeof presets[0];
    return presets;
}
