/* SPDX-License-Identifier: Apache-2.0 */
#include "words.h"

const char *const words_de[WORD_COUNT] = {
	[WORD_YES] = "annehmen", [WORD_NO] = "ablehnen", [WORD_LATER] = "vertagen",
	[WORD_QUESTION] = "Ihre Antwort zu \"{a}\"? [annehmen/ablehnen/vertagen] ",
	[WORD_AGAIN] = "Das ist weder annehmen, ablehnen noch vertagen: Noch ist nichts entschieden. Bitte tippen Sie eines dieser Wörter.",
	[WORD_MORE] = "-- Eingabetaste zeigt die nächste Seite --",
	[WORD_ANSWER_TITLE] = "IHRE ANTWORT",
	[WORD_ANSWER] = "Sie werden zu jedem Zweck einzeln gefragt. Tippen Sie das ganze Wort annehmen, ablehnen oder vertagen und die Eingabetaste. Keines ist "
		"vorbelegt. Mit vertagen oder Strg-C ist gar nichts entschieden, und nichts wird aufgezeichnet. Lehnen Sie alles ab, werden Sie 30 "
		"Tage nicht wieder gefragt.",
	[WORD_ANSWER_PASSPHRASE] = "Ihre Schlüssel stehen unter einer Passphrase: Um anzunehmen, werden Sie am Ende nach ihr gefragt.",

	[WORD_STUDY] = "(Studie {a})",
	[WORD_ASKS] = "{a} bittet, auf diesem Rechner aufzuzeichnen, wie Sie Tastatur und Zeiger benutzen. Sie entscheiden: Ohne Ihre Zustimmung wird "
		"nichts aufgezeichnet, und nichts von vorher.",
	[WORD_UNDONE_TITLE] = "WAS SICH NICHT RÜCKGÄNGIG MACHEN LÄSST, wenn Sie zustimmen",
	[WORD_UNDONE_HANDED] = "Was übergeben wurde, ist aus Ihrer Hand: Dieses Programm bittet dann um Löschung und kann sie nicht erzwingen.",
	[WORD_UNDONE_KEPT] = "Diese Studie nennt keinen Schlüssel, an den Daten übergeben würden: Was aufgezeichnet wird, bleibt auf diesem Rechner, und Sie "
		"können es ganz löschen.",
	[WORD_UNDONE_MODEL] = "Ein Modell oder eine Veröffentlichung, die mit Ihren Daten entstand, bleibt, wie sie ist.",
	[WORD_UNDONE_RHYTHM] = "Der Tipprhythmus macht Menschen erkennbar. Die Daten tragen ein Pseudonym statt Ihres Namens; wer andere Proben Ihres Tippens "
		"hat, kann Sie trotzdem erkennen. Die Daten sind pseudonymisiert; mehr wird nicht versprochen.",
	[WORD_UNDONE_POINTER] = "Die Daten tragen ein Pseudonym statt Ihres Namens; auch an der Art, einen Zeiger zu bewegen, kann man Menschen erkennen.",
	[WORD_UNDONE_SECRETS] = "Kein Programm kennt jedes Geheimnis: Eine Anwendung, die ein Passwort offen zeigt oder das Feld nicht als solches meldet, kann "
		"es täuschen. Sehen Sie nach, was aufgezeichnet wurde: Sie können es löschen.",
	[WORD_UNDONE_REST] = "Alles andere können Sie ansehen, beenden und löschen: auf den nächsten Seiten.",
	[WORD_OWN_TITLE] = "DIE STUDIE IN IHREN EIGENEN WORTEN",

	[WORD_RECORDED_TITLE] = "WAS AUFGEZEICHNET WIRD, während Sie an diesem Rechner arbeiten",
	[WORD_KEYS_NONE] = "Tasten: keine.",
	[WORD_KEYS_CLASS] = "Tasten: wann eine Taste nach unten und oben geht, und nur ihre Art (Buchstabe, Ziffer, Leertaste, Eingabe, ...). Nicht, welcher "
		"Buchstabe.",
	[WORD_KEYS_CODE] = "Tasten: wann eine Taste nach unten und oben geht, und welche es ist. Was Sie schreiben, lässt sich daraus lesen.",
	[WORD_KEYS_TEXT] = "Tasten: wann eine Taste nach unten und oben geht, welche es ist, und der Text, den sie tippt. Was Sie schreiben, lässt sich lesen.",
	[WORD_TIMES_EXACT] = "Zeiten der Tasten: genau. Ein Tipprhythmus in dieser Genauigkeit ist so persönlich wie eine Unterschrift.",
	[WORD_TIMES_GRID] = "Zeiten der Tasten: gerundet auf Schritte von {a}, was Ihren Tipprhythmus verwischt und nicht verbirgt.",
	[WORD_POINTER_NONE] = "Maus und Berührung: nichts.",
	[WORD_POINTER_BUTTONS] = "Maus und Berührung: nur Tasten und Berührungen mit dem Ort auf dem Bildschirm; keine Bewegung.",
	[WORD_POINTER_FULL] = "Maus und Berührung: Bewegung, Tasten und Berührungen mit dem Ort auf dem Bildschirm.",
	[WORD_SCROLL_NONE] = "Rollen: nichts.",
	[WORD_SCROLL] = "Rollen: wie weit.",
	[WORD_APPS_NONE] = "Anwendungen: werden nicht aufgezeichnet.",
	[WORD_APPS_ID] = "Anwendungen: in welchem Programm Sie arbeiten (sein Name, nicht sein Inhalt).",
	[WORD_APPS_TITLE] = "Anwendungen: in welchem Programm Sie arbeiten, und die Titel seiner Fenster, die Dokumente und Menschen nennen können.",
	[WORD_ONLY_APPS] = "Nur in diesen Anwendungen: {a}.",
	[WORD_EXCLUDE_APPS] = "Irgendetwas in diesen Anwendungen: {a}.",
	[WORD_LESS_POLICY] = "(Eingeschränkt durch die Richtlinie dieses Rechners. Die Studie bittet um: {a})",
	[WORD_LESS_SETTINGS] = "(Eingeschränkt durch Ihre eigenen Einstellungen. Die Studie bittet um: {a})",
	[WORD_LESS_MEANS] = "Sie stimmen dem zu, worum die Studie bittet. Fällt weg, was es hier einschränkt, wird so viel aufgezeichnet, und nie mehr.",
	[WORD_NEVER_TITLE] = "WAS NIE AUFGEZEICHNET WIRD",
	[WORD_NEVER_SECRETS] = "Was Sie in Passwortfelder, Passwortverwaltungen und Abfragen tippen, die nicht zeigen, was Sie tippen; alles, solange der Bildschirm "
		"gesperrt ist.",
	[WORD_NEVER_UNKNOWN] = "Alles, was Sie dort tippen, wo dieses Programm nicht sagen kann, ob es sicher ist.",
	[WORD_NEVER_ELSE] = "Ton, Bilder vom Bildschirm, die Zwischenablage, Dateien.",
	[WORD_NEVER_SPAN] = "Vom Ausgelassenen nur, dass etwas ausgelassen wurde, warum, und ungefähr von wann bis wann: nicht, wie viel.",

	[WORD_WHY_TITLE] = "WOZU, UND WER ES BEKOMMT",
	[WORD_WHY_EACH] = "Sie werden zu jedem Zweck einzeln gefragt und können einen annehmen und einen anderen ablehnen.",
	[WORD_CATEGORY_GENERATING] = "Trainieren eines Modells, das Inhalte erzeugt",
	[WORD_CATEGORY_MODEL] = "Trainieren eines Modells, das keine Inhalte erzeugt",
	[WORD_CATEGORY_RESEARCH] = "Forschung, wie Menschen und Rechner zusammenarbeiten",
	[WORD_CATEGORY_PRODUCT] = "Verbessern eines Produkts",
	[WORD_TO_NOBODY] = "Gegeben an: niemanden außer denen, die bitten.",
	[WORD_TO] = "Gegeben an: {a}",
	[WORD_WHY_ONLY] = "Nichts sonst: Ein anderer Zweck ist eine andere Frage, auch für das, was schon aufgezeichnet ist.",
	[WORD_WHY_NEVER] = "Einen Zweck, der Menschen beurteilt oder überwacht (Leistung, Anwesenheit, Disziplin, Gesundheit, Gefühle, Wiedererkennen), kann eine Studie "
		"nicht nennen: Dieses Programm kennt keine solche Art. Dass die Worte eines Zwecks stimmen, dafür steht ein, wer bittet.",

	[WORD_KEPT_TITLE] = "WIE LANGE, WO, UND WAS SIE TUN KÖNNEN",
	[WORD_KEPT_WHERE] = "Aufzeichnungen liegen verschlüsselt unter Ihren eigenen Dateien auf diesem Rechner. Das Programm, das aufzeichnet, kann sie nicht "
		"wieder lesen; Sie können es.",
	[WORD_KEPT_KEY] = "Übergeben werden sie als Dateien, die nur lesen kann, wer diesen Schlüssel hat: {a}",
	[WORD_KEPT_NO_KEY] = "Die Studie nennt keinen Schlüssel, an den sie übergeben würden: Sie bleiben hier.",
	[WORD_REVIEW_HAND] = "Nichts wird von selbst übergeben; Sie tun es, oder nicht, mit \"assent release\".",
	[WORD_REVIEW_NONE] = "Sie können übergeben werden, sobald sie geschrieben sind: Es ist keine Zeit vorgesehen, in der Sie sie zuerst ansehen können.",
	[WORD_REVIEW] = "Sie haben {a}, um sie anzusehen und zu löschen. Danach werden sie von selbst übergeben.",
	[WORD_REVIEW_FORBIDDEN] = "Die Richtlinie dieses Rechners verbietet zurzeit, sie zu übergeben: Sie bleiben hier.",
	[WORD_RETENTION] = "Löschfrist: {a}. Dann werden sie hier gelöscht, und wer sie bekam, wird aufgefordert, sie auch zu löschen.",
	[WORD_RETENTION_HERE] = "Löschfrist: {a}.",
	[WORD_VALID] = "Frist Ihrer Zustimmung: {a}. Dann endet sie von selbst, die Aufzeichnung hört in dem Augenblick auf und geht nur "
		"weiter, wenn Sie erneut zustimmen.",
	[WORD_DO_LOOK] = "Ansehen: \"assent show\"; \"assent status\" sagt, ob gerade aufgezeichnet wird, und wer welche Grenze gesetzt hat.",
	[WORD_DO_FORGET] = "Einen Teil endgültig löschen: \"assent forget --last 10m\".",
	[WORD_DO_PAUSE] = "Eine Weile anhalten: \"assent pause\". Vorerst alles verdecken: \"assent private on\".",
	[WORD_DO_WITHDRAW] = "Für immer aufhören, sofort, ohne einen Grund: \"assent withdraw\".",
	[WORD_DO_ERASE] = "Aufhören und alles löschen: \"assent withdraw --erase\"; wer etwas bekam, wird zum Löschen aufgefordert.",
	[WORD_DO_ERASE_HERE] = "Aufhören und alles löschen: \"assent withdraw --erase\".",

	[WORD_WHO_TITLE] = "WER ANTWORTET",
	[WORD_WHO_CONTACT] = "Fragen und alle Ihre Rechte: {a}",
	[WORD_WHO_AUTHORITY] = "Beschwerden: {a}",
	[WORD_WHO_LAW] = "Recht von: {a}",
	[WORD_WHO_ETHICS] = "Ethikvotum: {a}",
	[WORD_WHO_ASSESSMENT] = "Folgenabschätzung: {a}",
	[WORD_WHO_AGREEMENT] = "Betriebsvereinbarung: {a}",
	[WORD_RIGHTS_TITLE] = "IHRE RECHTE",
	[WORD_RIGHTS_FREE] = "Die Teilnahme ist freiwillig. Abzulehnen oder später aufzuhören darf Sie nichts kosten, was Sie sonst haben, und braucht keinen Grund.",
	[WORD_RIGHTS_BASIS] = "Ihre Einwilligung ist die einzige Grundlage (DSGVO Art. 6 Abs. 1 a); was geschah, bevor Sie sie widerrufen, bleibt rechtmäßig.",
	[WORD_RIGHTS] = "Sie können eine Kopie Ihrer Daten verlangen, sie berichtigen, löschen, einschränken oder sich oder anderen geben lassen und sich bei der "
		"Aufsicht beschweren. Ihr Pseudonym, unter dem man sie findet, steht in Ihrem Beleg.",
	[WORD_RIGHTS_BENEFIT] = "Einen Nutzen für Sie selbst gibt es nicht, es sei denn, die Studie nennt in ihren eigenen Worten einen.",
	[WORD_RIGHTS_RECEIPT] = "Ihre Antwort bleibt auf diesem Rechner, als unterschriebener Beleg (\"assent receipts\"). Eine Ablehnung geht nirgendwohin; wer "
		"diesen Rechner als root verwaltet, könnte sie hier nachsehen. Eine Zustimmung geht mit dem, was Sie übergeben, mit, "
		"samt Ihrer Antwort zu jedem Zweck.",

	[WORD_CHANGED_TITLE] = "WAS SICH GEÄNDERT HAT in {a}",
	[WORD_CHANGED_STOPPED] = "Sie haben am {a} zugestimmt. Seither wurden die Bedingungen der Studie geändert. Was aufgezeichnet wurde, steht weiter unter dem, dem "
		"Sie damals zugestimmt haben. Mehr wird nicht aufgezeichnet, bis Sie dem zustimmen, was es jetzt ist.",
	[WORD_CHANGED_BEFORE] = "vorher:",
	[WORD_CHANGED_NOW] = "jetzt:",
	[WORD_CHANGED_REST] = "Alles andere ist, wie Sie ihm zugestimmt haben; alles noch einmal: \"assent notice {a}\".",
	[WORD_CHANGED_CONTROLLER] = "Wer bittet",
	[WORD_CHANGED_PURPOSE] = "Zweck \"{a}\"",
	[WORD_CHANGED_PURPOSE_NEW] = "Neuer Zweck \"{a}\"",
	[WORD_CHANGED_PURPOSE_GONE] = "Kein Zweck mehr: \"{a}\"",
	[WORD_CHANGED_CATEGORY] = "Art",
	[WORD_CHANGED_TEXT] = "Wozu",
	[WORD_CHANGED_RECIPIENTS] = "Wer es bekommt",
	[WORD_CHANGED_KEY] = "Der Schlüssel, an den übergeben wird",
	[WORD_CHANGED_ONLY] = "Aufgezeichnet nur in",
	[WORD_CHANGED_EXCLUDE] = "Nie aufgezeichnet in",
	[WORD_NONE] = "nichts",

	[WORD_DAY] = "Tag", [WORD_DAYS] = "Tage", [WORD_HOUR] = "Stunde", [WORD_HOURS] = "Stunden",
	[WORD_MINUTE] = "Minute", [WORD_MINUTES] = "Minuten", [WORD_SECOND] = "Sekunde", [WORD_SECONDS] = "Sekunden",

	[WORD_AGREED] = "zugestimmt", [WORD_REFUSED] = "abgelehnt ",
	[WORD_END_GIVEN] = "Sie nehmen an {a} teil, bis {b}.",
	[WORD_END_REFUSED] = "Abgelehnt. Nichts wird aufgezeichnet. Zu {a} werden Sie vor {b} nicht wieder gefragt.",
	[WORD_END_DEFERRED] = "Nichts ist entschieden, nichts ist zugestimmt, nichts wird aufgezeichnet.",
	[WORD_END_RECEIPT] = "Beleg: {a} (assent receipts zeigt ihn).",
	[WORD_END_NEXT] = "Weiter: assent status sagt, ob aufgezeichnet wird, assent show, was. Aufhören: assent pause, assent withdraw.",
	[WORD_END_BEFORE] = "Sie hatten zugestimmt; das hat geendet. Was aufgezeichnet wurde, bleibt, wie es war: assent show, assent withdraw --erase.",
};
