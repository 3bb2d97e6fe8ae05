//! Phrases in Spanish, Portuguese, French, German, Italian and Arabic, written as in
//! `phrases_main`.

use super::words::Sign;

/// Language, sign, and phrases separated by `|`.
pub(super) const MORE: &[(&str, Sign, &str)] = &[
    (
        "es",
        Sign::Danger,
        "se incendio|explot*|peligros*|hospital|intoxic*|alergia*|herid*|quemadura*|quemo|descarga electrica|cucaracha*",
    ),
    (
        "es",
        Sign::Legal,
        "abogad*|demanda*|denuncia*|denunciar*|juicio|tribunal*|policia|consumo|facua|profeco|hoja de reclamaciones|acciones legales",
    ),
    (
        "es",
        Sign::Fraud,
        "estafa*|fraude*|timo|timador*|engan*|robo|robaron|roban|ladron*|falso|falsificad*|cobraron dos veces|cobro indebido|mentiros*",
    ),
    (
        "es",
        Sign::Refund,
        "reembolso*|reembols*|devolucion*|devolver el dinero|devuelvan*|mi dinero|indemniza*|devuelv*",
    ),
    (
        "es",
        Sign::Waiting,
        "sigo esperando|esperando|nadie responde|no responden|no contestan|sin respuesta|no ha llegado|no llego|nunca llego|\
         retraso*|no me llega|ayuda por favor|necesito ayuda|nadie me*|llevo dias|llevo semanas|cancelaron",
    ),
    (
        "es",
        Sign::Leaving,
        "nunca mas|no vuelvo|no volvere|no compren|no comprar|no recomiendo|no lo recomiendo|dar de baja|darme de baja|cancelar mi|eviten|evitar|\
         perdida de dinero|tirar el dinero",
    ),
    (
        "es",
        Sign::Fault,
        "no funciona*|no sirve*|roto|rota|rotos|averiad*|defectuos*|danad*|no puedo entrar|no carga|se cae|fallo*|falla|fallas|error|errores|problema*",
    ),
    (
        "es",
        Sign::Service,
        "pesimo|pesima|horrible|malisim*|fatal|verguenza|vergonzos*|asco|lamentable|inaceptable|peor|queja*|decepcion*|mala atencion|mal servicio|porqueria|basura",
    ),
    (
        "pt",
        Sign::Danger,
        "pegou fogo|explodiu|perigos*|hospital|intoxica*|alergia|ferid*|queimou|choque eletrico|barata*",
    ),
    (
        "pt",
        Sign::Legal,
        "advogad*|processar|processo|procon|justica|tribunal|policia|reclame aqui|reclameaqui|livro de reclamacoes|acao judicial",
    ),
    (
        "pt",
        Sign::Fraud,
        "golpe|golpistas|fraude*|enganac*|enganad*|roubo|roubaram|roubada|ladroes|falso|falsificad*|cobranca indevida|cobraram duas vezes|mentiros*|estelionato",
    ),
    (
        "pt",
        Sign::Refund,
        "reembols*|estorno*|estornar|devolucao*|dinheiro de volta|meu dinheiro|indeniza*",
    ),
    (
        "pt",
        Sign::Waiting,
        "esperando|aguardando|ninguem responde|nao respondem|sem resposta|nao chegou|nunca chegou|atraso*|atrasad*|preciso de ajuda|cancelaram|a espera",
    ),
    (
        "pt",
        Sign::Leaving,
        "nunca mais|nao compro mais|nao comprem|nao recomendo|cancelar minha|cancelar meu|evitem|fujam|dinheiro jogado fora",
    ),
    (
        "pt",
        Sign::Fault,
        "nao funciona*|nao abre|quebrad*|quebrou|defeito*|danificad*|nao consigo entrar|nao carrega|travando|trava|erro|erros|problema*|parou de funcionar|avariad*",
    ),
    (
        "pt",
        Sign::Service,
        "pessimo|pessima|horrivel|vergonha|descaso|lixo|pior|reclamac*|decepcion*|absurdo|mau atendimento|atendimento ruim|inaceitavel|desrespeito",
    ),
    (
        "fr",
        Sign::Danger,
        "pris feu|explose|explosion|dangereu*|hopital|intoxication*|allergi*|blesse*|brulure*|electrocut*|cafard*",
    ),
    (
        "fr",
        Sign::Legal,
        "avocat*|tribunal|justice|porter plainte|plainte|dgccrf|60 millions|que choisir|police|mise en demeure|signalconso|mediateur",
    ),
    (
        "fr",
        Sign::Fraud,
        "arnaque*|escroc*|escroquerie|fraude*|vol|voleur*|contrefacon|faux|preleve deux fois|debite deux fois|mensonge*|menteur*",
    ),
    (
        "fr",
        Sign::Refund,
        "rembours*|mon argent|dedommage*|indemnis*",
    ),
    (
        "fr",
        Sign::Waiting,
        "j attends|toujours pas|aucune reponse|pas de reponse|sans reponse|ne repond*|personne ne|jamais recu|pas recu|pas arrive|retard*|\
         besoin d aide|aidez moi|annule|injoignable*|depuis des semaines|depuis des jours",
    ),
    (
        "fr",
        Sign::Leaving,
        "plus jamais|a fuir|a eviter|fuyez|evitez|n achetez pas|ne recommande pas|deconseille*|resilier|resiliation|derniere fois|desinstall*|argent perdu",
    ),
    (
        "fr",
        Sign::Fault,
        "ne fonctionne*|fonctionne pas|ne marche*|marche pas|en panne|casse|cassee|defectueu*|endommage*|abime*|bug|bugs|bugue|plante|erreur*|impossible de|probleme*|ne s ouvre",
    ),
    (
        "fr",
        Sign::Service,
        "nul|nulle|horrible|catastroph*|honte|honteu*|scandaleu*|inadmissible|inacceptable|pire|decu|decue|deception|lamentable|mauvais service|incompeten*|minable|service client inexistant",
    ),
    (
        "de",
        Sign::Danger,
        "feuer gefangen|explodiert|gefahrlich*|krankenhaus|vergift*|allergi*|verletz*|verbrannt|stromschlag|schimmel|kakerlake*",
    ),
    (
        "de",
        Sign::Legal,
        "anwalt*|rechtsanwalt*|klage|verklag*|gericht|anzeige|polizei|verbraucherzentrale|verbraucherschutz|rechtliche schritte|abmahn*",
    ),
    (
        "de",
        Sign::Fraud,
        "betrug*|betruger*|abzock*|abgezockt|gefalscht|falschung|gestohlen|geklaut|doppelt abgebucht|zu viel abgebucht|verarscht|luge*|lugner",
    ),
    (
        "de",
        Sign::Refund,
        "ruckerstatt*|erstattung|erstatten|geld zuruck|mein geld|schadensersatz|entschadig*",
    ),
    (
        "de",
        Sign::Waiting,
        "warte seit|warte immer noch|warte noch|seit wochen|seit tagen|keine antwort|keine ruckmeldung|niemand antwortet|meldet sich niemand|\
         nicht angekommen|nie angekommen|nicht geliefert|verspat*|brauche hilfe|bitte um hilfe|nicht erreichbar|storniert|warteschleife",
    ),
    (
        "de",
        Sign::Leaving,
        "nie wieder|nicht kaufen|finger weg|nicht empfehlen|kann ich nicht empfehlen|kundig*|abbestell*|konto loschen|rausgeschmissenes geld|geldverschwendung",
    ),
    (
        "de",
        Sign::Fault,
        "kaputt*|defekt*|funktioniert nicht|geht nicht|beschadigt|stürzt ab|absturz*|fehler*|ausfall|storung*|falsch geliefert|unbrauchbar|problem*|zerbrochen",
    ),
    (
        "de",
        Sign::Service,
        "frechheit|unverschamt*|katastroph*|schlecht*|schlimmste*|mies*|unfreundlich*|enttausch*|saftladen|scheiss*|inakzeptabel|unmoglich|beschwer*|zumutung|armselig",
    ),
    (
        "it",
        Sign::Danger,
        "preso fuoco|esplos*|pericolos*|ospedale|intossica*|allergi*|ferit*|bruciat*|scossa elettrica|scarafagg*",
    ),
    (
        "it",
        Sign::Legal,
        "avvocat*|denuncia*|tribunale|polizia|codacons|vie legali|azione legale|querela",
    ),
    (
        "it",
        Sign::Fraud,
        "truffa*|truffator*|frode|fregat*|fregatura|ladri|rubat*|rubano|falso|contraffatt*|addebitato due volte|bugiard*",
    ),
    (
        "it",
        Sign::Refund,
        "rimbors*|soldi indietro|i miei soldi|risarcim*",
    ),
    (
        "it",
        Sign::Waiting,
        "sto aspettando|ancora aspettando|aspetto da|nessuna risposta|nessuno risponde|non rispondono|non e arrivato|mai arrivato|ritardo|in ritardo|ho bisogno di aiuto|da settimane|da giorni|cancellato",
    ),
    (
        "it",
        Sign::Leaving,
        "mai piu|non comprate|evitate|da evitare|non consiglio|sconsiglio|sconsigliat*|disdetta|disdire|soldi buttati|state alla larga",
    ),
    (
        "it",
        Sign::Fault,
        "non funziona*|rotto|rotta|difettos*|danneggiat*|guasto|non si apre|si blocca|errore|errori|problema|problemi",
    ),
    (
        "it",
        Sign::Service,
        "pessimo|pessima|orribile|vergogna|vergognos*|schifo|schifezza|scandalos*|inaccettabile|peggior*|delus*|reclamo|scortes*|incompeten*",
    ),
    (
        "ar",
        Sign::Danger,
        "حريق|احترق*|انفجر*|انفجار|خطير*|خطر|تسمم|مستشفى|المستشفى|حساسية|اصابة|إصابة|صرصور",
    ),
    (
        "ar",
        Sign::Legal,
        "محامي|المحامي|محكمة|المحكمة|قضية|شرطة|الشرطة|حماية المستهلك|بلاغ|قضاء|قانوني*|أشتكي|اشتكي",
    ),
    (
        "ar",
        Sign::Fraud,
        "نصب|نصابين|نصاب|احتيال|محتال*|غش|سرقة|سرقوا|حرامية|مزيف*|مقلد|كذب|كذابين|خداع",
    ),
    (
        "ar",
        Sign::Refund,
        "استرجاع|استرداد|فلوسي|رجعوا فلوسي|ارجاع المبلغ|إرجاع المبلغ|تعويض|المبلغ",
    ),
    (
        "ar",
        Sign::Waiting,
        "انتظر|أنتظر|منتظر|ما ردوا|لا يردون|محد يرد|ما حد يرد|لا رد|بدون رد|لم يصل|ما وصل|ماوصل|تأخير|تاخير|متأخر|ساعدوني|مساعدة",
    ),
    (
        "ar",
        Sign::Leaving,
        "لن اشتري|لن أشتري|لا تشترون|لا تشتروا|لا أنصح|لا انصح|ما انصح|اخر مرة|آخر مرة|مقاطعة|الغاء اشتراك*|إلغاء اشتراك*",
    ),
    (
        "ar",
        Sign::Fault,
        "لا يعمل|ما يشتغل|مايشتغل|خربان|عطل|عطلان|مكسور|تالف|معطوب|مشكلة|المشكلة|مشاكل|لا يفتح|ما يفتح|يعلق|خلل|خطأ",
    ),
    (
        "ar",
        Sign::Service,
        "سيء|سيئ|سيئة|أسوأ|اسوأ|اسوء|فاشل*|زفت|زبالة|قذر*|عيب عليكم|خايس|تعيس*|مخيب|خيبة|شكوى|استهتار|وقح*|رديء*|ردئ*",
    ),
];
