//! Two more sets of phrases, written as in `phrases_main`: who makes it public, and threats
//! (safety, law, fraud, leaving) beyond those that stand there.

use super::words::Sign;

/// Going public: the press, social media, "tell everyone".
pub(super) const PUBLIC: &[(&str, Sign, &str)] = &[
    (
        "en",
        Sign::Viral,
        "go viral|going viral|went viral|gone viral|make this viral|name and shame|naming and shaming|please share|\
         please retweet|pls rt|please rt|retweet this|share this everywhere|tell everyone|telling everyone|let everyone know|\
         everyone should know|everyone needs to know|warn others|warn everyone|warning others|warning everyone|\
         going to the press|go to the press|contact the press|journalist*|the newspapers|local news|news channel*|\
         the media|social media will|all over social media|posting this everywhere|post this everywhere|post this on every|\
         expose you|expose them|exposing|bad review everywhere|leave a review everywhere|tiktok about|video about this|thread about",
    ),
    (
        "tr",
        Sign::Viral,
        "ifsa*|sosyal medyada|sosyal medyaya|medyaya|gazetelere|gazeteci*|haber kanal*|herkese anlat*|herkese duyur*|\
         herkese soyle*|herkes bilsin|herkes duysun|herkes gorsun|lutfen paylas*|paylasalim|paylasin|rt lutfen|gundem ol*|gundeme*|\
         trend topic*|viral*|eksi sozluk*|kamuoyu*|kotu yorum yap*|her yere yaz*|her yerde paylas*|her yerde anlat*",
    ),
    (
        "hi",
        Sign::Viral,
        "वायरल*|मीडिया*|सोशल मीडिया*|सबको बता*|सब को बता*|सबको पता*|शेयर कर*|रीट्वीट*|रिट्वीट*|अखबार*|अख़बार*|न्यूज चैनल*|न्यूज़ चैनल*|\
         ट्रेंड कर*|पर्दाफाश*|बदनाम*|\
         viral kar*|viral ho*|viral kr*|media me|media mein|media ko|social media pe|social media par|sabko bata*|sab ko bata*|\
         sabko pata*|share karo|share kare|share karein|share kijiye|retweet kar*|rt karo|rt kare|akhbar*|news channel*|trend kar*|\
         pardafash*|expose kar*|badnam*",
    ),
    (
        "te",
        Sign::Viral,
        "వైరల్*|మీడియా*|సోషల్ మీడియా*|అందరికీ చెప్*|అందరికి చెప్*|అందరికీ తెలియ*|షేర్ చేయ*|షేర్ చెయ్య*|రీట్వీట్*|పత్రిక*|న్యూస్ ఛానల్*|ట్రెండ్*|బయటపెడ*|బయటపెట్ట*|\
         viral*|media ki|media lo|social media lo|social media ki|andariki chep*|andhariki chep*|andariki teliy*|share chey*|\
         retweet chey*|news channel*|trend chey*|expose ches*|bayata ped*|bayatapeda*",
    ),
    (
        "es",
        Sign::Viral,
        "redes sociales|medios de comunicacion|la prensa|periodista*|hacerlo viral|se haga viral|viraliz*|compartan|difundan|difundir|rt por favor|que todos sepan|que todo el mundo sepa",
    ),
    (
        "pt",
        Sign::Viral,
        "redes sociais|imprensa|jornalista*|viraliz*|compartilhem|partilhem|divulguem|todo mundo saber|todos saibam|expor voces|vou expor",
    ),
    (
        "fr",
        Sign::Viral,
        "reseaux sociaux|la presse|les medias|journaliste*|faites tourner|partagez|rt svp|merci de partager|faire savoir a tous|tout le monde doit savoir",
    ),
    (
        "de",
        Sign::Viral,
        "an die presse|die presse|die medien|soziale medien|sozialen medien|journalist*|offentlich mach*|bitte teilen|shitstorm|viral geh*|geht viral|jeder soll wissen|alle sollen wissen|fernsehsender",
    ),
    (
        "it",
        Sign::Viral,
        "sui social|i giornali|alla stampa|giornalist*|striscia la notizia|le iene|condividete|fate girare|virale|tutti devono sapere|lo sappiano tutti",
    ),
    (
        "ar",
        Sign::Viral,
        "الاعلام|الإعلام|الصحافة|وسائل التواصل|انشروا|أنشر|سأنشر|بنشر|فضيحة|أفضحكم|افضحكم|نفضحكم|ترند|هاشتاق|رتويت|الكل يعرف",
    ),
];

/// More threats of safety, law, fraud and leaving.
pub(super) const THREATS: &[(&str, Sign, &str)] = &[
    (
        "en",
        Sign::Danger,
        "gas leak|carbon monoxide|short circuit*|smoke came|full of smoke|choked|burns on|almost killed|nearly killed|\
         could have died|life threatening|ambulance|emergency room|vomiting|expired food|maggot*|bed bugs|\
         glass in my|metal in my|brakes failed|brake failure|personal data was|my data was",
    ),
    (
        "en",
        Sign::Legal,
        "litigation|press charges|pressing charges|better business bureau|attorney general|cfpb|fca|ofcom|data protection|gdpr|\
         consumer rights|consumer affairs|consumer commission|district court|legal team|see you in court|breach of contract|false advertising|\
         my legal rights|statutory rights|cease and desist",
    ),
    (
        "en",
        Sign::Fraud,
        "phishing|identity theft|without my consent|without my permission|without permission|without consent|never authori*|did not authori*|\
         didn t authori*|unauthorized|unauthorised|bait and switch|ponzi|pyramid scheme|embezzl*|extortion|extort*|charged for nothing|\
         keeps charging|still charging me|deceptive|deceived|con artist|conned",
    ),
    (
        "en",
        Sign::Leaving,
        "moving to another|leaving for|switching from|switched to|switch to a|lost me as a|as a customer you lost|taking my business|take my money elsewhere|\
         last straw|i m done|i am done|so done with|cancelled my subscription|canceled my subscription|cancel my subscription|\
         cancel my account|unsubscribed|porting out|port out|deleting the app|deleted the app|closing my|closed my account|not renewing|won t renew|won t be renewing",
    ),
    (
        "tr",
        Sign::Danger,
        "carpildim|kaza yap*|kanama*|olumcul|olum tehlike*|gida zehirlen*|son kullanma tarihi gec*|tarihi gecmis|gaz kacag*|kisa devre*|kivilcim*|\
         duman cik*|alev ald*|ambulans*|acil servis*|kusma*|fare cikti|hamam boceg*|kisisel veriler*|verilerimi",
    ),
    (
        "tr",
        Sign::Legal,
        "dava|davam|davayi|davalik|davalas*|ihtarname*|icraya|icra takib*|tuketici haklar*|kvkk*|btk ya|yasal hak*|hukuk*|savcilig*|karakol*|ticaret bakanlig*|\
         alo 175|mahkemeye|hesap soraca*|polis*",
    ),
    (
        "tr",
        Sign::Fraud,
        "vurgun*|sahtecilik*|iznim olmadan|onayim olmadan|haberim olmadan|bilgim disinda|aldatil*|aldatma*|aldatiyor*|kaziklan*|kaziklad*|kazik*|gasp*|\
         haksiz yere|mukerrer cekim*|cift cekim*|paramiz gitti|ustune yat*",
    ),
    (
        "tr",
        Sign::Leaving,
        "baska marka*|baska firma*|baska bir firma*|rakip*|gecis yapaca*|gecis yapiyor*|birakiyorum|biraktim|ayriliyorum|iptal ediyorum|iptal edecegim|iptal ettirdim|\
         iptal ettirecegim|numarami tasi*|hattimi tasi*|uygulamayi sil*|sildim|silecegim|bir daha mi|son kez|musterinizi kaybet*|bir musteri kaybet*",
    ),
    (
        "hi",
        Sign::Danger,
        "शॉर्ट सर्किट*|चिंगारी*|धुआं*|धुआँ*|जान का खतरा|जान को खतरा|मौत*|एक्सपायर*|एलर्जी*|चोट लग*|घायल*|उल्टी*|एम्बुलेंस*|कॉकरोच*|चूहे|\
         short circuit*|chingari*|dhuan*|dhua nikal*|jaan ka khatra|jaan ko khatra|maut ho*|allergy|chot lag*|ghayal*|ultiyan|cockroach*|chuhe",
    ),
    (
        "hi",
        Sign::Legal,
        "लीगल*|कानून*|थाने*|थाना|आरबीआई|लोकपाल*|सेबी|उपभोक्ता*|साइबर सेल|साइबर क्राइम*|नोटिस भेज*|कार्रवाई कर*|\
         legal action|kanoon*|kanun*|thane me|thane mein|thana|lokpal|ombudsman|sebi|trai|consumer helpline|upbhokta*|cyber cell|cyber crime|notice bhej*|\
         karwai kar*|karyavahi kar*|high court|supreme court",
    ),
    (
        "hi",
        Sign::Fraud,
        "जालसाज*|फर्जी*|फ़र्ज़ी*|गबन*|बेवकूफ बना*|उल्लू बना*|चूना लगा*|पैसे खा*|पैसा खा*|छल*|\
         jalsaz*|paise kha*|paisa kha*|chuna laga*|lutere|lootere|cheating*|cheat kar*|cheater*|dhokebaaz*|dhokhebaaz*|dhokebaj*|gaban|bina bataye|bina puche|bina permission",
    ),
    (
        "hi",
        Sign::Leaving,
        "छोड़ रहा*|छोड़ रहे*|छोड़ दिया|छोड़ दूंगा|छोड़ दूँगा|बंद कर दूंगा|बंद कर रहा*|अनइंस्टॉल*|आखिरी बार|आख़िरी बार|पोर्ट कर*|स्विच कर*|डिलीट कर*|\
         chod raha*|chhod raha*|chod rahe*|chod diya|chhod diya|chod dunga|chhod dunga|switch kar*|akhri baar|aakhri baar|aakhiri baar|delete kar*|\
         band kar dunga|band kar raha*|kabhi use nahi*|kabhi use nhi*|unsubscribe*|cancel kar dunga",
    ),
    (
        "te",
        Sign::Danger,
        "షార్ట్ సర్క్యూట్*|పొగ|పొగలు|అలర్జీ*|వాంతు*|అంబులెన్స్*|ఎలుక*|\
         short circuit*|poga vach*|poga vast*|allergy|vanthulu|ambulance|debba tagil*|elukalu",
    ),
    (
        "te",
        Sign::Legal,
        "లీగల్*|నోటీసు*|నోటీస్*|లోక్‌పాల్*|స్టేషన్*|ఆర్బీఐ*|ఆర్‌బీఐ*|వినియోగదారుల*|చట్టం*|సైబర్ క్రైమ్*|కోర్ట్*|\
         legal ga|legal notice|legal action|notice pamp*|police station*|station lo|ombudsman|cyber crime*|consumer helpline|chattam*|court*|rbi ki",
    ),
    (
        "te",
        Sign::Fraud,
        "దగా*|వంచ*|చీటింగ్*|చీట్ చే*|టోకరా*|డబ్బులు తిన*|డబ్బు తిన*|డబ్బులు కొట్టే*|\
         cheating*|cheat ches*|cheat chest*|cheater*|daga ches*|dagaa*|vanchana*|tokara*|dabbulu tin*|dabbu tin*|dabbulu kott*|paisalu tin*|cheppakunda cut*",
    ),
    (
        "te",
        Sign::Leaving,
        "మానేస్త*|మానేసా*|మారిపోతా*|మారిపోయా*|అన్‌ఇన్‌స్టాల్*|చివరిసారి*|చివరి సారి*|వదిలేస్త*|వదిలేసా*|పోర్ట్*|డిలీట్ చే*|\
         manest*|manesth*|manesa*|maripotha*|maripota*|vadilest*|vadilesth*|vadilesa*|port avut*|port avth*|port ches*|switch avut*|switch ayy*|\
         delete chest*|delete ches*|cancel chest*|cancel ches*|chivari sari",
    ),
    (
        "es",
        Sign::Danger,
        "fuga de gas|cortocircuito|chispas|ambulancia|urgencias|casi me mata|datos personales",
    ),
    (
        "es",
        Sign::Legal,
        "defensa del consumidor|oficina del consumidor|proteccion de datos|juzgado|querella|burofax|derechos del consumidor|sernac|indecopi",
    ),
    (
        "es",
        Sign::Fraud,
        "sin mi permiso|sin mi autorizacion|sin autorizacion|phishing|suplantacion|publicidad enganosa|me robaron",
    ),
    (
        "es",
        Sign::Leaving,
        "me cambio a|me cambio de|me voy a otra|pierden un cliente|perdieron un cliente|desinstal*|portabilidad|ultima vez",
    ),
    (
        "pt",
        Sign::Danger,
        "vazamento de gas|curto circuito|ambulancia|pronto socorro|dados pessoais",
    ),
    (
        "pt",
        Sign::Legal,
        "acao na justica|juizado|anatel|banco central|defesa do consumidor|direito do consumidor|direitos do consumidor|asae|deco proteste",
    ),
    (
        "pt",
        Sign::Fraud,
        "sem minha autorizacao|sem autorizacao|sem meu consentimento|propaganda enganosa|phishing|me roubaram",
    ),
    (
        "pt",
        Sign::Leaving,
        "vou mudar para|mudando para|perderam um cliente|perdeu um cliente|desinstal*|portabilidade|ultima vez|cancelando",
    ),
    (
        "fr",
        Sign::Danger,
        "fuite de gaz|court circuit|etincelles|ambulance|urgences|donnees personnelles",
    ),
    (
        "fr",
        Sign::Legal,
        "mise en demeure|cnil|ufc que choisir|60 millions de consommateurs|droit de la consommation|mediateur|huissier",
    ),
    (
        "fr",
        Sign::Fraud,
        "sans mon accord|sans mon autorisation|sans autorisation|phishing|hameconnage|publicite mensongere|usurpation",
    ),
    (
        "fr",
        Sign::Leaving,
        "je change d operateur|je change de|je pars chez|un client de perdu|un client en moins|perdu un client|je resilie",
    ),
    (
        "de",
        Sign::Danger,
        "gasleck|kurzschluss|funken|krankenwagen|notaufnahme|personenbezogene daten",
    ),
    (
        "de",
        Sign::Legal,
        "mahnbescheid|dsgvo|datenschutz*|bundesnetzagentur|schlichtungsstelle|juristisch*|strafanzeige",
    ),
    (
        "de",
        Sign::Fraud,
        "ohne meine zustimmung|ohne zustimmung|unberechtigt*|phishing|identitatsdiebstahl|irrefuhr*|untergeschoben*",
    ),
    (
        "de",
        Sign::Leaving,
        "wechsle zu|wechsel zu|wechseln zu|kunden verloren|kunde verloren|deinstallier*|anbieter wechseln|letztes mal|zum letzten mal",
    ),
    (
        "it",
        Sign::Danger,
        "fuga di gas|corto circuito|cortocircuito|scintille|ambulanza|pronto soccorso|dati personali",
    ),
    (
        "it",
        Sign::Legal,
        "garante|agcom|associazione consumatori|associazioni dei consumatori|diffida|carabinieri|altroconsumo",
    ),
    (
        "it",
        Sign::Fraud,
        "senza il mio consenso|senza consenso|senza autorizzazione|phishing|pubblicita ingannevole|raggir*",
    ),
    (
        "it",
        Sign::Leaving,
        "cambio operatore|passo a un altro|cliente perso|perso un cliente|disinstall*|ultima volta",
    ),
    (
        "ar",
        Sign::Danger,
        "تسرب غاز|ماس كهربائي|دخان|اسعاف|إسعاف|الطوارئ|منتهي الصلاحية|منتهية الصلاحية|بياناتي|فئران|حشرات",
    ),
    (
        "ar",
        Sign::Legal,
        "وزارة التجارة|هيئة الاتصالات|البنك المركزي|النيابة|القضاء|المحامي|دعوى|برفع قضية|حقوق المستهلك",
    ),
    (
        "ar",
        Sign::Fraud,
        "بدون اذني|بدون إذني|بدون موافقتي|سرقتوا|سرقتم|نصابة|نصبوا|ياكلون فلوس",
    ),
    (
        "ar",
        Sign::Leaving,
        "بغير شركة|راح اغير|سأنتقل|بحذف التطبيق|حذفت التطبيق|خسرتوا عميل|خسرتم عميل|بلغي الاشتراك",
    ),
];
