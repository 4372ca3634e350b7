"""What the agent says, French first. Faults have a code, message and hint; the server's bring their own words."""

import locale
import os
from typing import Literal

Language = Literal["fr", "en"]

LINES: dict[str, tuple[str, str]] = {
    "ready": (
        "Poste « {name} », {practice} : insérez votre carte.",
        "Workstation “{name}”, {practice}: put your card in.",
    ),
    "code": ("Code de la carte ({reader}) : ", "Code of the card ({reader}): "),
    "code_again": (
        "Session verrouillée ou fermée. Code de la carte pour continuer : ",
        "The session is locked or closed. Code of the card to go on: ",
    ),
    "checking": ("Vérification de la carte…", "Checking the card…"),
    "opened": ("Bonjour {holder}. Votre session s’ouvre.", "Good day {holder}. Your session opens."),
    "removed": ("Carte retirée : la session est verrouillée.", "Card taken out: the session is locked."),
    "reopened": (
        "La page avait perdu sa session : elle se rouvre, votre carte est en place.",
        "The page had lost its session: it opens again, your card is in.",
    ),
    "back": ("Le serveur répond de nouveau.", "The server answers again."),
    "other_card": ("Autre carte prise en compte ({reader}).", "The other card now counts ({reader})."),
    "enrolled": (
        "Ce poste s’appelle « {name} » pour {practice}. Lancez maintenant : socle-station run",
        "This workstation is called “{name}” at {practice}. Now run: socle-station run",
    ),
    "trusted": ("Les navigateurs font confiance au serveur : {how}", "Browsers trust the server: {how}"),
    "autostart_on": (
        "L’agent démarrera à chaque ouverture de session sur ce poste.",
        "The agent will start whenever a session opens on this machine.",
    ),
    "autostart_off": (
        "L’agent ne démarrera plus de lui-même à l’ouverture de session.",
        "The agent no longer starts by itself when a session opens.",
    ),
    "crashed_title": ("Socle : arrêt", "Socle: stopped"),
    "crashed": (
        "L’agent s’est arrêté sur une erreur ({reason}). Relancez-le ; si cela se reproduit, prévenez le mainteneur.",
        "The agent stopped on an error ({reason}). Start it again; if it happens again, tell the maintainer.",
    ),
    "ask_server": ("Adresse du serveur (https://…) : ", "Address of the server (https://…): "),
    "ask_code": ("Code d’enrôlement : ", "Enrolment code: "),
    "ask_fingerprint": ("Empreinte de l’autorité : ", "Fingerprint of the authority: "),
    "good": ("{what} : bien", "{what}: good"),
    "stopped": ("L’agent s’arrête ; la session est verrouillée.", "The agent stops; the session is locked."),
    "locked": (
        "Session verrouillée à votre demande. Le code de la carte la rouvre.",
        "The session is locked as you asked. The card's code opens it again.",
    ),
    "one_card": ("Une seule carte est insérée.", "One card only is in."),
    "reader_back": ("Le lecteur de cartes est là.", "The card reader is there."),
    "enrolling": ("Enrôlement du poste…", "Enrolling this workstation…"),
    "no_display": (
        "Aucun écran trouvé : l’agent s’affiche dans ce terminal, sans fenêtre.",
        "No screen was found: the agent speaks in this terminal, without a window.",
    ),
    "no_tkinter": (
        "Python ne peut pas ouvrir de fenêtre (Debian : apt install python3-tk) ; l’agent s’affiche dans ce terminal.",
        "Python lacks what opens a window (Debian: apt install python3-tk); the agent speaks in this terminal.",
    ),
    # The window: for each state a headline and a sentence
    "starting_title": ("Démarrage…", "Starting…"),
    "starting_detail": ("L’agent joint le serveur.", "The agent contacts the server."),
    "enrol_title": ("Enrôler ce poste", "Enrol this workstation"),
    "enrol_detail": (
        "Le mainteneur vous les donne : sa page « Postes ».",
        "The maintainer gives you these: page “Workstations”.",
    ),
    "enrolling_title": ("Enrôlement du poste…", "Enrolling this workstation…"),
    "enrolling_detail": (
        "L’empreinte est comparée, puis le code échangé.",
        "The fingerprint is compared, then the code is exchanged.",
    ),
    "no_card_title": ("Insérez votre carte", "Put your card in"),
    "no_card_detail": ("Votre session s’ouvre après son code.", "Your session opens after its code."),
    "asked_title": ("Code de la carte", "Code of the card"),
    "asked_detail": ("La carte le vérifie elle-même.", "The card checks it by itself."),
    "asked_of": ("Carte de {holder}", "Card of {holder}"),
    "asked_again_title": ("Code de la carte", "Code of the card"),
    "asked_again_detail": ("Session verrouillée : il la rouvre.", "The session is locked: it opens it again."),
    "asked_again_of": ("Session verrouillée. Carte de {holder}", "The session is locked. Card of {holder}"),
    "checking_card_title": ("Vérification de la carte…", "Checking the card…"),
    "checking_card_detail": ("Laissez-la en place.", "Leave it in."),
    "session_open_title": ("Session ouverte", "Session open"),
    "session_open_detail": (
        "Bonjour {holder}. Retirez la carte pour verrouiller.",
        "Good day {holder}. Take the card out to lock.",
    ),
    "card_removed_title": ("Carte retirée", "Card taken out"),
    "card_removed_detail": (
        "La session est verrouillée. Insérez une carte pour continuer.",
        "The session is locked. Put a card in to go on.",
    ),
    "card_refused_title": ("Cette carte n’ouvre rien", "This card opens nothing"),
    "card_refused_detail": ("Retirez-la.", "Take it out."),
    "headline_reader": ("Lecteur absent", "No reader"),
    "headline_server": ("Serveur injoignable", "Server unreachable"),
    "headline_not_trusted": ("Ne tapez aucun code", "Type no code"),
    "headline_revoked": ("Poste retiré", "Workstation withdrawn"),
    "tries_last": ("Dernier essai avant blocage de la carte.", "Last try before the card blocks."),
    "tries_few": ("Il reste peu d’essais.", "Few tries are left."),
    # Its buttons and fields; the sign after “&” is the key that goes with Alt
    "button_code": ("&Valider", "&Continue"),
    "button_open": ("&Ouvrir Socle", "&Open Socle"),
    "button_lock": ("Ve&rrouiller", "&Lock"),
    "button_enrol": ("&Enrôler ce poste", "&Enrol this workstation"),
    "field_code": ("Code", "Code"),
    "field_server": ("Adresse du serveur", "Address of the server"),
    "field_enrolment_code": ("Code d’enrôlement", "Enrolment code"),
    "field_fingerprint": ("Empreinte de l’autorité", "Fingerprint of the authority"),
    "hint_fingerprint": (
        "Recopiez-la : l’agent la compare à celle du serveur avant d’envoyer quoi que ce soit.",
        "Copy it: the agent compares it with the server's before it sends anything.",
    ),
    "footer": (
        "Fermer réduit la fenêtre · Ctrl + Q arrête l’agent",
        "Closing hides the window · Ctrl + Q stops the agent",
    ),
}

# code → French message and hint, English message and hint
FAULTS: dict[str, tuple[str, str, str, str]] = {
    "STATION-SERVER-UNREACHABLE": (
        "Le serveur {server} ne répond pas.",
        "Rien n’est perdu. Vérifiez le câble ou le Wi-Fi ; l’agent réessaie tout seul.",
        "The server {server} does not answer.",
        "Nothing is lost. Check the cable or the Wi-Fi; the agent tries again by itself.",
    ),
    "STATION-SERVER-NOT-TRUSTED": (
        "Ce qui répond à l’adresse {server} n’est pas le serveur du cabinet.",
        "Ne tapez aucun code. Prévenez votre mainteneur ; si le serveur a été réinstallé, enrôlez ce poste de nouveau.",
        "What answers at {server} is not the practice's server.",
        "Type no code. Tell your maintainer; if the server was installed anew, enrol this workstation again.",
    ),
    "STATION-FINGERPRINT-WRONG": (
        "L’autorité de {server} n’a pas l’empreinte que vous avez donnée.",
        "Relisez l’empreinte à côté du code. Si elle est juste, un autre se fait passer pour lui : arrêtez-vous.",
        "The authority of {server} does not have the fingerprint you gave.",
        "Read the fingerprint beside the code again. If it is right, somebody poses as the server: stop here.",
    ),
    "STATION-NOT-ENROLLED": (
        "Ce poste n’est pas encore enrôlé.",
        "Demandez un code au mainteneur (page « Postes »), puis lancez : socle-station enrol",
        "This workstation is not enrolled yet.",
        "Ask the maintainer for a code (page “Workstations”), then run: socle-station enrol",
    ),
    "STATION-ANSWER-WRONG": (
        "Le serveur {server} a répondu d’une façon inattendue ({status}).",
        "Réessayez dans une minute ; si cela dure, donnez ce code à votre mainteneur.",
        "The server {server} answered in an unexpected way ({status}).",
        "Try again in a minute; if it lasts, give this code to your maintainer.",
    ),
    "READER-SERVICE-DOWN": (
        "Le service des lecteurs de cartes ne fonctionne pas sur ce poste.",
        "Démarrez-le (Linux : pcscd ; Windows : « Carte à puce »), l’agent le verra aussitôt.",
        "The smart card service does not run on this workstation.",
        "Start it (Linux: pcscd; Windows: “Smart Card”); the agent notices at once.",
    ),
    "READER-MISSING": (
        "Aucun lecteur de cartes n’est branché.",
        "Branchez le lecteur ; l’agent le verra aussitôt.",
        "No card reader is plugged in.",
        "Plug the reader in; the agent notices at once.",
    ),
    "READER-SEVERAL": (
        "{count} lecteurs sont branchés : {readers}.",
        "N’importe lequel convient. Pour n’en utiliser qu’un : socle-station run --reader NOM",
        "{count} readers are plugged in: {readers}.",
        "Any of them will do. To use one only: socle-station run --reader NAME",
    ),
    "READER-UNPLUGGED": (
        "La carte ou son lecteur a été retiré pendant la vérification.",
        "Rebranchez le lecteur, remettez la carte et tapez son code de nouveau. Aucun essai n’est perdu.",
        "The card or its reader was taken away during the check.",
        "Plug the reader in, put the card back and type its code again. No try is lost.",
    ),
    "CARD-TWO-IN": (
        "Deux cartes sont insérées : seule la première compte ({reader}).",
        "Retirez l’une des deux. Si c’est la première, sa session se verrouille et l’autre prend sa place.",
        "Two cards are in: only the first one counts ({reader}).",
        "Take one of them out. If it is the first, its session locks and the other takes its place.",
    ),
    "CARD-CODE-WRONG": (
        "Ce code n’est pas celui de la carte. {left}",
        "Tapez-le de nouveau, sans hâte : au troisième échec, la carte se bloque.",
        "This is not the card's code. {left}",
        "Type it again, slowly: at the third failure the card blocks.",
    ),
    "CARD-BLOCKED": (
        "La carte est bloquée : trop de codes faux lui ont été donnés.",
        "Ouvrez votre session avec votre mot de passe ; débloquez la carte avec son code de déblocage.",
        "The card is blocked: it was given too many wrong codes.",
        "Sign in with your password; unblock the card with its unblocking code.",
    ),
    "CARD-SILENT": (
        "La carte ne répond pas.",
        "Retirez-la, essuyez ses contacts, vérifiez le sens, remettez-la.",
        "The card does not answer.",
        "Take it out, wipe its contacts, check which way round it goes, put it back.",
    ),
    "CARD-WITHOUT-CERTIFICATE": (
        "Aucun certificat d’authentification n’a été trouvé sur cette carte.",
        "Est-ce bien une carte professionnelle ? Sinon, vérifiez le module PKCS#11 : {module}",
        "No authentication certificate was found on this card.",
        "Is it a professional card? If so, check the PKCS#11 module: {module}",
    ),
    "CARD-MODULE-MISSING": (
        "Le module PKCS#11 {module} n’a pas pu être chargé.",
        "Installez la Cryptolib CPS (ou OpenSC), ou donnez son chemin : socle-station run --module CHEMIN",
        "The PKCS#11 module {module} could not be loaded.",
        "Install Cryptolib CPS (or OpenSC), or give its path: socle-station run --module PATH",
    ),
    "CARD-FAULT": (
        "La carte a refusé de signer ({reason}).",
        "Retirez-la et remettez-la. Si cela se reproduit, essayez une autre carte ou un autre lecteur.",
        "The card refused to sign ({reason}).",
        "Take it out and put it back. If it happens again, try another card or another reader.",
    ),
    "CARD-NONE": (
        "Aucune carte n’est insérée : ce code n’a servi à rien et n’a pas été gardé.",
        "Insérez la carte, puis tapez son code.",
        "No card is in: this code was used for nothing and was not kept.",
        "Put the card in, then type its code.",
    ),
    "STATION-ADDRESS-WRONG": (
        "« {server} » n’est pas une adresse de serveur.",
        "Recopiez l’adresse de la page « Postes », par exemple https://socle.local:8443",
        "“{server}” is not the address of a server.",
        "Copy the address from the page “Workstations”, for instance https://socle.local:8443",
    ),
    "TRUST-TOOL-MISSING": (
        "Le poste est enrôlé, mais ses navigateurs ne font pas encore confiance au serveur : {tool} manque.",
        "Installez-le (Debian : apt install libnss3-tools), puis lancez : socle-station trust. À la main :\n{commands}",
        "The workstation is enrolled, but its browsers do not trust the server yet: {tool} is missing.",
        "Install it (Debian: apt install libnss3-tools), then run: socle-station trust. By hand:\n{commands}",
    ),
    "TRUST-REFUSED": (
        "Le poste est enrôlé, mais ses navigateurs ne font pas encore confiance au serveur : {tool} a échoué.",
        "Lancez à la main, et lisez ce qui est répondu :\n{commands}",
        "The workstation is enrolled, but its browsers do not trust the server yet: {tool} failed.",
        "Run by hand, and read what it says:\n{commands}",
    ),
    "AUTOSTART-REFUSED": (
        "Le démarrage automatique de l’agent n’a pas pu être réglé ({reason}).",
        "Vérifiez vos droits, puis lancez : socle-station autostart on",
        "Whether the agent starts by itself could not be set ({reason}).",
        "Check your permissions, then run: socle-station autostart on",
    ),
    "BROWSER-MISSING": (
        "Aucun navigateur utilisable n’a été trouvé (Chromium, Chrome, Edge ou Firefox).",
        "Installez-en un, ou donnez son chemin : socle-station run --browser CHEMIN",
        "No usable browser was found (Chromium, Chrome, Edge or Firefox).",
        "Install one, or give its path: socle-station run --browser PATH",
    ),
}
_LAST = {"fr": "Il reste un seul essai.", "en": "One try is left."}
_FEW = {"fr": "Il reste peu d’essais.", "en": "Few tries are left."}


def preferred(asked: str | None) -> Language:
    """Return the language asked for, else the machine's if it is English, else French."""
    if asked in {"fr", "en"}:
        return "fr" if asked == "fr" else "en"
    found = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or _of_system()
    return "en" if found.lower().startswith("en") else "fr"


def _of_system() -> str:
    return locale.getlocale()[0] or ""


class Fault(Exception):
    """Something a person can act on. `french` and `english` hold message and hint, ready to show."""

    def __init__(self, code: str, **details: object) -> None:
        super().__init__(code)
        self.code, self.details = code, details
        self.said: tuple[str, str] | None = None

    @classmethod
    def from_server(cls, code: str, message: str, hint: str) -> "Fault":
        """Return what the server refused, in the words it found for it."""
        fault = cls(code)
        fault.said = (message, hint)
        return fault

    def words(self, language: Language) -> tuple[str, str]:
        """Return message and hint."""
        if self.said is not None:
            return self.said
        french, french_hint, english, english_hint = FAULTS[self.code]
        message, hint = (french, french_hint) if language == "fr" else (english, english_hint)
        left = {"last": _LAST, "few": _FEW}.get(str(self.details.get("left", "")), {}).get(language, "")
        details = {**self.details, "left": left}
        return message.format(**details).strip(), hint.format(**details)


def line(key: str, language: Language, **details: object) -> str:
    """Return one of the agent's lines."""
    french, english = LINES[key]
    return (french if language == "fr" else english).format(**details)
