// SPDX-License-Identifier: Apache-2.0
// The trace and the verdict in German.
#include "fwd/words_int.h"

const struct fwd_words fwd_german = {
    .plain =
        {
            [FWD_SUBJECT_PSAP_CALLBACK] =
                {
                    [FWD_APPLIES] = "eine Notrufzentrale ruft zurück, und das klingelt in jedem "
                                    "Fall",
                    [FWD_NOT_HELD] = "es ist kein Rückruf einer Notrufzentrale",
                },
            [FWD_SUBJECT_LINE] =
                {
                    [FWD_APPLIES] = "die Nebenstelle ist deaktiviert",
                    [FWD_NOT_HELD] = "die Nebenstelle ist aktiv",
                },
            [FWD_SUBJECT_MAILBOX] =
                {
                    [FWD_APPLIES] = "die Mailbox des Benutzers nimmt den Anruf an",
                    [FWD_NOT_SET] = "es ist keine Mailboxnummer hinterlegt",
                    [FWD_NO_NUMBER] = "es ist keine Mailboxnummer hinterlegt",
                    [FWD_IS_SELF] = "die Mailbox wird übergangen: ihre Nummer ist die der "
                                    "Nebenstelle selbst",
                    [FWD_IS_EMERGENCY] = "die Mailbox wird übergangen: ihre Nummer ist eine "
                                         "Notrufnummer",
                    [FWD_IS_BARRED] = "die Mailbox wird übergangen: ihre Nummer ist in der "
                                      "Gruppe gesperrt",
                    [FWD_IS_TRIED] = "die Mailbox wurde schon vergeblich angerufen",
                    [FWD_IS_VISITED] = "die Mailbox kann den Anruf nicht annehmen: er war schon "
                                       "einmal dort und endet",
                    [FWD_IS_OVER_LIMIT] = "die Mailbox kann den Anruf nicht annehmen: er wurde "
                                          "zu oft umgeleitet und endet",
                    [FWD_IS_TOO_MANY] = "die Mailbox wird übergangen: von der Nebenstelle sind so "
                                        "viele Anrufe umgeleitet wie erlaubt",
                    [FWD_IS_TOO_OFTEN] = "die Mailbox wird übergangen: von der Nebenstelle wurden "
                                         "binnen einer Stunde so viele Anrufe umgeleitet wie "
                                         "erlaubt",
                    [FWD_IS_CANCELLED] = "die Mailbox wird übergangen: laut einer Ausnahme "
                                         "klingelt es bei diesem Anrufer",
                },
            [FWD_SUBJECT_DECLINE] =
                {
                    [FWD_APPLIES] = "es gilt die Antwort der Gruppe für nicht erreichbare Benutzer",
                },
            [FWD_SUBJECT_DIVERSIONS] =
                {
                    [FWD_APPLIES] = "der Anruf wurde schon zu oft umgeleitet, um noch einmal "
                                    "umgeleitet zu werden",
                    [FWD_NOT_HELD] = "der Anruf wurde nicht zu oft umgeleitet",
                },
            [FWD_SUBJECT_CLIENTS] =
                {
                    [FWD_APPLIES] = "es klingelt beim Benutzer",
                    [FWD_NOT_HELD] = "der Benutzer hat nichts, was klingeln könnte",
                    [FWD_IS_BUSY] = "die Geräte des Benutzers sind besetzt",
                    [FWD_IS_REJECTED] = "der Benutzer hat den Anruf abgelehnt",
                    [FWD_IS_UNREACHABLE] = "kein Gerät des Benutzers ist erreichbar",
                    [FWD_IS_UNANSWERED] = "niemand hat rechtzeitig abgenommen",
                },
            [FWD_SUBJECT_GROUP_CALL] =
                {
                    [FWD_APPLIES] = "der Anruf kommt über eine Sammelnummer oder Warteschlange und "
                                    "wird nie umgeleitet",
                },
            [FWD_SUBJECT_OTHER_CONTACTS] =
                {
                    [FWD_APPLIES] = "die anderen Telefone der Nebenstelle dürfen zuerst eine Weile "
                                    "klingeln",
                    [FWD_IS_UNANSWERED] = "an den anderen Telefonen der Nebenstelle hat niemand "
                                          "rechtzeitig abgenommen",
                    [FWD_HAS_CALL] = "an einem anderen Telefon der Nebenstelle wird gesprochen",
                },
            [FWD_SUBJECT_CALLS] =
                {
                    [FWD_APPLIES] = "keine Umleitung bei Besetzt gilt: der Anrufer hört, dass "
                                    "besetzt ist",
                    [FWD_NOT_HELD] = "die Nebenstelle ist nicht besetzt",
                    [FWD_HAS_CALL] = "die Nebenstelle hat ein Gespräch: sie ist besetzt, wenn eine "
                                     "Umleitung bei Besetzt gilt",
                    [FWD_IS_BUSY] = "die Nebenstelle ist besetzt: sie hat ein Gespräch und nimmt "
                                    "kein zweites an",
                    [FWD_IS_FULL] = "die Nebenstelle ist besetzt: sie hat so viele Gespräche, wie "
                                    "sie haben darf",
                    [FWD_IS_BUSY_ELSEWHERE] = "die Nebenstelle ist besetzt: der Benutzer hat auf "
                                              "einer anderen ein Gespräch",
                },
            [FWD_SUBJECT_REJECTED] =
                {
                    [FWD_APPLIES] = "es gilt die Antwort der Gruppe für abgelehnte Anrufe",
                },
            [FWD_SUBJECT_DEFLECTION] =
                {
                    [FWD_APPLIES] = "der Benutzer leitet den Anruf weiter",
                    [FWD_NO_NUMBER] = "der Anruf wird nicht weitergeleitet: es gibt kein Ziel",
                    [FWD_IS_SELF] = "der Anruf wird nicht weitergeleitet: das Ziel ist die "
                                    "Nebenstelle selbst",
                    [FWD_IS_EMERGENCY] = "der Anruf wird nicht weitergeleitet: das Ziel ist eine "
                                         "Notrufnummer",
                    [FWD_IS_BARRED] = "der Anruf wird nicht weitergeleitet: das Ziel ist in der "
                                      "Gruppe gesperrt",
                    [FWD_IS_TRIED] = "der Anruf wird nicht weitergeleitet: das Ziel wurde schon "
                                     "vergeblich angerufen",
                    [FWD_IS_TOO_MANY] = "der Anruf wird nicht weitergeleitet: von der Nebenstelle "
                                        "sind so viele Anrufe umgeleitet wie erlaubt",
                    [FWD_IS_TOO_OFTEN] = "der Anruf wird nicht weitergeleitet: von der Nebenstelle "
                                         "wurden binnen einer Stunde so viele Anrufe umgeleitet "
                                         "wie erlaubt",
                    [FWD_IS_VISITED] = "der Anruf kann nicht weitergeleitet werden: er war schon "
                                       "bei diesem Ziel und endet",
                    [FWD_IS_OVER_LIMIT] = "der Anruf kann nicht weitergeleitet werden: er wurde zu "
                                          "oft umgeleitet und endet",
                    [FWD_NEVER_FORWARDED] = "der Anruf wird nicht weitergeleitet: solche Anrufe "
                                            "werden nie umgeleitet",
                },
            [FWD_SUBJECT_TARGET] =
                {
                    [FWD_IS_BUSY] = "das Ziel der Umleitung ist besetzt",
                    [FWD_IS_UNREACHABLE] = "das Ziel der Umleitung ist nicht erreichbar",
                    [FWD_IS_UNANSWERED] = "das Ziel der Umleitung hat sich nicht rechtzeitig "
                                          "gemeldet",
                    [FWD_IS_OUT_OF_HOPS] = "der Anruf ist durch zu viele Anlagen gelaufen, um "
                                           "weiter zum Ziel der Umleitung zu gehen",
                },
        },
    .dnd = {"„Nicht stören“ ist eingeschaltet", "„Nicht stören“ ist ausgeschaltet"},
    .logged_off = {"niemand ist angemeldet", "der Benutzer ist angemeldet"},
    .the = "die",
    .forwardings = {"sofortige Umleitung", "Umleitung bei „Nicht stören“",
                    "Umleitung bei Abmeldung", "Umleitung bei Nichterreichbarkeit",
                    "Umleitung bei Besetzt", "Umleitung bei Nichtmelden"},
    .callers = {"für alle Anrufer", "für interne Anrufer", "für externe Anrufer"},
    .rules =
        {
            [FWD_SUBJECT_MANDATORY] = "Pflichtregel",
            [FWD_SUBJECT_EXCEPTION] = "Ausnahme",
            [FWD_SUBJECT_DEFAULT] = "Standardregel",
        },
    .findings =
        {
            [FWD_APPLIES] = "gilt",
            [FWD_OTHER_ORIGIN] = "gilt nicht für",
            [FWD_LESS_SPECIFIC] = "tritt zurück: eine andere passt besser zu diesem Anruf",
            [FWD_NO_NUMBER] = "wird übergangen: ihr Ziel ist eine Nummer, die der Benutzer nicht "
                              "hat",
            [FWD_IS_SELF] = "wird übergangen: ihr Ziel ist die Nebenstelle selbst",
            [FWD_IS_EMERGENCY] = "wird übergangen: ihr Ziel ist eine Notrufnummer",
            [FWD_IS_BARRED] = "wird übergangen: ihr Ziel ist in der Gruppe gesperrt",
            [FWD_IS_TRIED] = "wird übergangen: ihr Ziel wurde schon vergeblich angerufen",
            [FWD_IS_VISITED] = "kann nicht ausgeführt werden: der Anruf war schon bei ihrem Ziel "
                               "und endet",
            [FWD_IS_OVER_LIMIT] = "kann nicht ausgeführt werden: der Anruf wurde zu oft "
                                  "umgeleitet und endet",
            [FWD_OTHER_CALLER] = "ist für andere Anrufer",
            [FWD_OTHER_TIME] = "gilt nicht um diese Zeit",
            [FWD_OTHER_PRESENCE] = "ist für eine andere Anwesenheit des Benutzers",
            [FWD_IS_EXPIRED] = "ist abgelaufen",
            [FWD_IS_USED_UP] = "galt für eine Zahl von Anrufen und ist verbraucht",
            [FWD_IS_CANCELLED] = "wird übergangen: laut einer Ausnahme klingelt es bei diesem "
                                 "Anrufer",
            [FWD_RINGS] = "sagt, dass es bei diesem Anrufer klingelt",
            [FWD_IS_TOO_MANY] = "wird übergangen: von der Nebenstelle sind so viele Anrufe "
                                "umgeleitet wie erlaubt",
            [FWD_IS_TOO_OFTEN] = "wird übergangen: von der Nebenstelle wurden binnen einer Stunde "
                                 "so viele Anrufe umgeleitet wie erlaubt",
            [FWD_IS_CHOSEN] = "ist gewählt für den Fall, dass niemand abnimmt",
        },
    .no_slot = {"es ist keine", "eingerichtet"},
    .one_of_other_origin = {"einen externen", "einen internen"},
    .more = {"eine weitere Regel wurde betrachtet", "weitere Regeln wurden betrachtet"},
    .unknown = "etwas, das diese Version nicht kennt",
    .reasons = {"sofort", "Nicht stören", "abgemeldet", "nicht erreichbar", "besetzt",
                "keine Antwort", "beim Klingeln weitergeleitet", "sofort weitergeleitet"},
    .busy = "besetzt",
    .unavailable = "nicht erreichbar",
    .rejected = "abgelehnt",
    .redirect = "umgeleitet zu",
    .decline = "abgewiesen mit",
    .ring = "klingelt höchstens",
    .hold = "der Anrufer hört den Freiton höchstens",
    .then = "danach",
};
