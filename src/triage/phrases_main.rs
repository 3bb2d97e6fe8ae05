//! Phrases in English, Turkish, Hindi and Telugu. A star ends a stem, so that endings need
//! no lists of their own; Hindi and Telugu stand here in their scripts and as people type
//! them in Latin.

use super::words::Sign;

/// Language, sign, and phrases separated by `|`.
pub(super) const MAIN: &[(&str, Sign, &str)] = &[
    (
        "en",
        Sign::Danger,
        "caught fire|on fire|fire hazard|exploded|explosion|electric shock|electrocuted|burned me|burnt me|burned my|\
         burnt my|injured|injury|injuries|hospital|food poisoning|poisoned|allergic reaction|choking|unsafe|dangerous|\
         got sick|made me sick|mold|mould|cockroach*|data breach|data leak|leaked my|suicide|bleeding|harass*|racist|\
         assaulted|child safety|overheat*|smoke coming",
    ),
    (
        "en",
        Sign::Legal,
        "lawyer*|attorney*|solicitor|lawsuit*|sue you|sue them|suing|legal action|legal notice|small claims|take you to court|\
         consumer court|consumer forum|consumer protection|trading standards|ombudsman|police|class action|ftc|bbb|\
         gdpr complaint|chargeback|charge back|report you|reporting you|file a complaint|filing a complaint|\
         formal complaint|court case",
    ),
    (
        "en",
        Sign::Fraud,
        "scam*|fraud*|rip off|ripoff|ripped off|ripped me off|cheated|cheating|cheaters|stole|stolen|steal|stealing|thieves|thief|con artists|\
         crooks|swindle*|fake product*|counterfeit|unauthorized charge*|unauthorised charge*|charged twice|\
         double charged|charged me twice|overcharged|hidden fees|hacked|took my money|robbed|robbing|daylight robbery|liars|lied to",
    ),
    (
        "en",
        Sign::Refund,
        "refund*|money back|reimburse*|return my money|give me back|want my money|compensation|compensate",
    ),
    (
        "en",
        Sign::Waiting,
        "no reply|no response|no answer|not responding|never responded|never replied|nobody answers|no one answers|\
         no one responds|ignored|ignoring me|ignoring my|still waiting|been waiting|waiting for weeks|waiting for days|\
         waited|on hold|on hold for|never arrived|never came|never delivered|never received|not received|not delivered|haven t received|\
         have not received|hasn t arrived|didn t arrive|still no|where is my|where s my|weeks late|days late|hours late|\
         delayed|delay|cancelled my|canceled my|lost my luggage|lost my bag|lost my parcel|lost my package|missing item*|\
         without any explanation|third time|days ago and|weeks ago and|can t reach|cannot reach|hung up|fix this asap|fix this|asap|\
         please help|need help|help me|urgent*|answer me|respond",
    ),
    (
        "en",
        Sign::Leaving,
        "never again|never buying|never buy|never use|never using|never order*|never fly*|never shop*|never book*|never going back|\
         never coming back|not coming back|won t be back|will not be back|last time i|done with|switching to|cancel my|\
         cancelling|canceling|close my account|closing my account|delete my account|uninstall*|boycott*|avoid|stay away|\
         do not buy|don t buy|dont buy|don t waste|do not waste|waste of money|lost a customer|losing a customer|goodbye|\
         take my business elsewhere|would not recommend|wouldn t recommend|not recommend",
    ),
    (
        "en",
        Sign::Fault,
        "broken|broke|breaks|defective|faulty|damaged|doesn t work|does not work|not working|stopped working|won t work|isn t working|\
         wont work|doesnt work|didn t work|did not work|never worked|keeps crashing|crash*|freezes|frozen|bug|bugs|buggy|glitch*|\
         error|can t log in|cannot log in|can t login|cannot login|locked out|won t open|won t load|won t turn on|won t charge|\
         outage|is down|been down|went down|wrong item|wrong order|wrong size|missing parts|fell apart|falling apart|cracked|\
         leaks|leaking|torn|dead on arrival|useless|unusable|failed|fails|problem*|issue|issues",
    ),
    (
        "en",
        Sign::Service,
        "worst|terrible|horrible|awful|pathetic|disgusting|disgusted|disgrace*|shame on|shameful|rude|unprofessional|\
         incompetent|unacceptable|ridiculous|joke of a|a joke|garbage|trash|rubbish|nightmare|disappointed|disappointing|\
         disappointment|fed up|sick of|appalling|outrageous|furious|angry|bad service|poor service|no service|\
         customer service sucks|sucks|useless support|horrendous|atrocious|frustrat*|complain*|a disaster|misleading|let down",
    ),
    (
        "tr",
        Sign::Danger,
        "yangin*|yandi|patladi|patlama*|elektrik carp*|zehirlen*|hastanelik|hastane*|yaralan*|alerji*|tehlike*|bocek cikti|\
         kufl*|kurtlu|taciz*|verilerim*|can guvenligi",
    ),
    (
        "tr",
        Sign::Legal,
        "avukat*|mahkeme*|dava ac*|davaci|savci*|suc duyurusu*|tuketici hakem*|hakem heyeti*|tuketici mahkemesi*|\
         yasal yol*|yasal islem*|hukuki*|polise|emniyet*|sikayetvar*|sikayet ede*|sikayetci*|cimer*|bddk*",
    ),
    (
        "tr",
        Sign::Fraud,
        "dolandir*|sahte*|sahtekar*|kandir*|hirsiz*|ucretimi kestiniz|iki kere cekti*|iki kez cekti*|fazla cekti*|\
         haksiz kesinti|hesabim calindi|calindi|parami cal*|parami yedi*|uckagit*|soygun*|yalan*|magdur*",
    ),
    (
        "tr",
        Sign::Refund,
        "iade*|parami geri|para iade*|geri odeme*|paramin iade*|ucret iade*|param yatmadi|parami istiyorum|tazminat*",
    ),
    (
        "tr",
        Sign::Waiting,
        "hala bekliyor*|bekliyorum|bekliyoruz|beklemekteyim|bekletil*|bekletiyor*|cevap yok|cevap verm*|cevap alam*|\
         cevap gelmedi|donus yap*|donus yok|geri donus*|ulasamiyor*|ulasamadim|ulasilamiyor|muhatap*|gelmedi|\
         hala gelmedi|teslim edilmedi|kargo* gelmedi|elime ulasmadi|ulasmadi|gecikti|gecikme*|gunlerdir|haftalardir|\
         aylardir|acmiyor*|telefonu acan|ilgilenm*|oyaliyor*|yardim edin|yardimci olun|lutfen yardim|acil|cozum bulun*|cozum yok|\
         cozulmedi|iptal edildi|iptal ettiler|nerede kaldi",
    ),
    (
        "tr",
        Sign::Leaving,
        "bir daha asla|bir daha alm*|bir daha kullanm*|bir daha siparis*|asla almayin|sakin alm*|almayin|uzak durun|tavsiye etm*|\
         onermiyorum|onermem|aboneligimi iptal|uyeligimi iptal|hesabimi kapat*|hesabimi sil*|bosuna para|para tuzagi|\
         parama yazik|paraniza yazik|boykot*|son alisveris*|pisman*|musteri kaybet*",
    ),
    (
        "tr",
        Sign::Fault,
        "bozuk*|bozuldu|kirik*|kirildi|arizali|ariza*|calismiyor*|calismadi|hasarli|defolu|kusurlu|eksik*|yanlis urun*|hata veriyor*|\
         hata aliyor*|acilmiyor*|giris yapam*|giremiyor*|cokuyor*|coktu|donuyor*|kullanilmaz*|ise yaramaz|ise yaramiyor|\
         yirtik*|sizdiriyor*|sorun*|problem*",
    ),
    (
        "tr",
        Sign::Service,
        "rezalet*|rezil*|berbat*|kepazelik*|igrenc*|kotu*|cok kotu|en kotu|saygisiz*|ilgisiz*|terbiyesiz*|umursam*|\
         hayal kirikligi*|sacmalik*|yazik|yaziklar olsun|biktim|biktik|sikayet*|skandal*|utanc*|vurdumduymaz*|lanet*|\
         memnun degil*|memnun kalm*",
    ),
    (
        "hi",
        Sign::Danger,
        "आग लग*|धमाका|फट गया|ब्लास्ट|करंट लग*|जल गया|जल गई|बीमार पड़*|फूड पॉइजनिंग|अस्पताल*|खतरनाक|खतरा*|कीड़ा|कीड़े|जहर*|\
         aag lag*|blast ho gaya|fat gaya|phat gaya|current laga|jal gaya|bimar pad*|bimar ho*|hospital|khatarnak|khatra|keeda|keede|zeher",
    ),
    (
        "hi",
        Sign::Legal,
        "वकील*|अदालत*|कोर्ट*|मुकदमा*|कानूनी*|पुलिस*|एफआईआर|उपभोक्ता फोरम|उपभोक्ता अदालत|कंज्यूमर कोर्ट|केस कर*|शिकायत दर्ज|\
         vakil*|vakeel*|adalat|court|mukadma|kanooni|kanuni|police|fir karunga|fir kar*|consumer court|consumer forum|case kar*|\
         case karunga|complaint karunga|legal notice|rbi",
    ),
    (
        "hi",
        Sign::Fraud,
        "धोखा*|धोखे*|धोखाधड़ी*|ठग*|ठगी*|लूट*|लुट*|चोर*|चोरी*|फ्रॉड*|नकली*|झूठ*|घोटाला*|स्कैम*|पैसे काट*|पैसा काट*|पैसे कट*|\
         dhokha*|dhoka*|thag*|thug company|loot*|lut liya|chor*|fraud*|nakli|jhooth*|jhuth*|jhoot*|ghotala|scam*|paise kat*|paisa kat*|\
         paise kaat*|paisa kaat*|420|ullu bana*|bewakoof bana*|bewkoof bana*|farzi|farji",
    ),
    (
        "hi",
        Sign::Refund,
        "पैसे वापस*|पैसा वापस*|रिफंड*|रिफ़ंड*|पैसे लौटा*|पैसा लौटा*|वापस कर*|वापस दो|वापस दिला*|मुआवजा*|\
         paisa wapas*|paise wapas*|paisa vapas*|paise vapas*|paisa wapis*|paise wapis*|paisa vapis|paise vapis|refund*|paisa lauta*|\
         paise lauta*|mera paisa|mere paise|return kar*|wapas kar*|wapas do|muavja",
    ),
    (
        "hi",
        Sign::Waiting,
        "इंतजार*|इंतज़ार*|जवाब नहीं*|कोई जवाब*|नहीं आया*|नहीं मिला*|नहीं मिली*|नहीं पहुंचा*|नहीं पहुँचा*|डिलीवर नहीं*|डिलीवरी नहीं*|सुनवाई नहीं*|\
         कोई सुन*|फोन नहीं उठा*|मदद कर*|मदद चाहिए|कब आएगा|कब मिलेगा|कब तक|देरी*|लेट*|कैंसिल कर*|हफ्ते से|हफ्तों से|दिनों से|दिन से|\
         intezar*|intazar*|intjar*|wait kar raha*|wait kar rahe*|wait kar rahi*|jawab nahi*|jawab nhi*|koi jawab*|reply nahi*|\
         reply nhi*|response nahi*|response nhi*|nahi aaya*|nhi aaya*|nahi aya*|nhi aya*|nahi mila*|nhi mila*|nahi mili|nhi mili|\
         deliver nahi*|deliver nhi*|delivery nahi*|delivery nhi*|nahi pahuch*|nhi pahuch*|sunwai|koi sunta|koi sun nahi*|phone nahi utha*|\
         phone nhi utha*|call nahi utha*|madad kar*|madad chahiye|help karo|help kijiye|kab aayega|kab ayega|kab milega|kab tak|\
         late delivery|cancel kar diya|din se|dino se|hafte se|hafto se|mahine se",
    ),
    (
        "hi",
        Sign::Leaving,
        "कभी नहीं खरीद*|कभी मत*|दोबारा नहीं*|दुबारा नहीं*|मत खरीद*|मत लेना|मत लो|न खरीदें|ना खरीदें|पैसे की बर्बादी|पैसा बर्बाद*|पैसे बर्बाद*|\
         पैसों की बर्बादी|अकाउंट बंद*|खाता बंद*|बहिष्कार*|बॉयकॉट*|दूर रहें|दूर रहो|\
         kabhi nahi kharid*|kabhi mat*|dobara nahi*|dobara nhi*|dubara nahi*|dubara nhi*|mat kharid*|mat lena|mat lo|mat khareed*|na kharide*|\
         paise ki barbadi|paisa barbad*|paise barbad*|paisa waste|paise waste|account band*|boycott*|door raho|dur raho|\
         kabhi order nahi*|kabhi order nhi*|port kar*|uninstall*",
    ),
    (
        "hi",
        Sign::Fault,
        "खराब*|ख़राब*|टूटा*|टूटी*|टूट गया|टूट गई|काम नहीं कर*|नहीं चल*|चलता नहीं|बंद हो गया|बंद हो गई|बंद पड़*|गलत*|ग़लत*|डिफेक्टिव|क्रैश*|हैंग*|\
         खुल नहीं*|लॉगिन नहीं*|समस्या*|दिक्कत*|परेशानी*|परेशान*|\
         kharab*|kharaab*|khrab*|tuta*|toota*|tut gaya|toot gaya|kaam nahi kar*|kaam nhi kar*|kam nahi kar*|kam nhi kar*|nahi chal*|nhi chal*|\
         band ho gaya|band ho gayi|band pada|galat*|defective|crash*|hang ho*|open nahi*|open nhi*|login nahi*|login nhi*|\
         dikkat*|samasya*|pareshan*|preshan*|problem*",
    ),
    (
        "hi",
        Sign::Service,
        "बकवास*|घटिया*|बेकार*|सबसे खराब|बदतमीज*|बदतमीज़*|बदतर*|शर्म करो|शर्मनाक*|निराश*|वाहियात*|शिकायत*|कूड़ा*|कचरा*|बुरा*|बुरी*|लापरवाही*|\
         bakwas*|bakwaas*|bkwas*|ghatiya*|gatiya*|bekar*|bekaar*|bkar|sabse kharab|badtameez*|badtamiz*|sharm karo|sharam karo|sharmnak*|\
         nirash*|wahiyat*|vahiyat*|shikayat*|kachra|kooda|worst*|worst service|third class|3rd class|faltu*|fizul*|laparwahi*|pakau*|chutiya*",
    ),
    (
        "te",
        Sign::Danger,
        "మంటలు*|పేలి*|పేలింది|షాక్ కొట్టి*|కాలిపోయి*|గాయ*|ఆసుపత్రి*|హాస్పిటల్*|ఫుడ్ పాయిజన్*|ప్రమాద*|పురుగు*|బొద్దింక*|విషం|\
         mantalu|peli poyindi|pelipoyindi|pelindi|shock kottindi|kalipoyindi|gayam|hospital|food poison*|pramadam|purugu*|boddinka*",
    ),
    (
        "te",
        Sign::Legal,
        "లాయర్*|న్యాయవాది*|కోర్టు*|పోలీసు*|పోలీస్*|కేసు పెడ*|కేసు పెట్ట*|వినియోగదారుల ఫోరం|కన్స్యూమర్*|చట్టపర*|ఫిర్యాదు చేస్తా*|\
         lawyer*|court ki|court lo|police*|case pedata*|case pedatha*|case pettali|case pedtha|consumer court|consumer forum|complaint istha*|\
         complaint chestha*",
    ),
    (
        "te",
        Sign::Fraud,
        "మోసం*|మోసపో*|మోసగా*|మోసాలు|దొంగ*|దోచు*|దోపిడీ*|నకిలీ*|ఫ్రాడ్*|స్కామ్*|అబద్ధ*|అబద్దా*|డబ్బులు కట్ అయ*|\
         mosam*|mosapoy*|mosagall*|mosam chesa*|donga*|dochu*|dopidi|nakili*|fraud*|scam*|abaddha*|abadda*|dabbulu cut*|money cut ayy*|\
         dabbulu poyayi|amount cut ayy*",
    ),
    (
        "te",
        Sign::Refund,
        "రీఫండ్*|రిఫండ్*|డబ్బులు తిరిగి*|డబ్బు తిరిగి*|డబ్బులు వాపస్*|డబ్బు వాపస్*|తిరిగి ఇవ్వ*|నా డబ్బులు|నష్టపరిహార*|\
         refund*|dabbulu tirigi*|dabbu tirigi*|dabbulu vapas*|dabbulu return*|naa dabbulu|na dabbulu|tirigi ivva*|money return*|\
         dabbulu ivvandi|money back",
    ),
    (
        "te",
        Sign::Waiting,
        "ఎదురుచూస్తు*|ఎదురు చూస్తు*|వేచి*|సమాధానం లేదు|సమాధానం ఇవ్వ*|జవాబు లేదు|స్పందించ*|స్పందన లేదు|రాలేదు*|ఇంకా రాలేదు|అందలేదు*|\
         డెలివరీ కాలేదు|డెలివరీ అవ్వలేదు|పట్టించుకో*|ఫోన్ ఎత్త*|సహాయం చేయ*|సాయం చేయ*|ఎప్పుడు వస్తుంది|ఆలస్యం*|లేట్*|రోజులుగా|వారాలుగా|రోజుల నుంచి|రోజుల నుండి|\
         waiting*|wait chestu*|wait chesthu*|eduru chustu*|eduru chusthu*|samadhanam ledu|reply ledu|reply ivva*|response ledu|raledu|\
         inka raledu|ravatledu|ravatam ledu|andaledu|deliver kaledu|delivery kaledu|delivery avvaledu|pattinchuko*|phone ettha*|\
         phone ettatledu|lift cheyatledu|lift cheyatam ledu|help cheyandi|help cheyyandi|eppudu vastundi|eppudu vasthundi|late ga|\
         alasyam|rojula nundi|rojula nunchi|varala nundi|varala nunchi",
    ),
    (
        "te",
        Sign::Leaving,
        "కొనకండి|కొనవద్దు|కొనొద్దు|వాడకండి|వాడొద్దు|మళ్ళీ కొనను|మళ్లీ కొనను|ఇంకెప్పుడూ*|డబ్బులు దండగ|డబ్బు దండగ|డబ్బులు వేస్ట్*|వేస్ట్*|దండగ*|బహిష్కరి*|\
         konakandi|konaku|konoddu|konavaddu|vadakandi|vadoddu|malli konanu|inkeppudu*|dabbulu dandaga|dabbulu waste*|money waste*|\
         waste*|dandaga*|boycott*|tiskokandi|teesukokandi|uninstall*",
    ),
    (
        "te",
        Sign::Fault,
        "పనిచేయ*|పని చేయ*|పనిచెయ్య*|పని చెయ్య*|పాడైపో*|పాడయి*|పగిలి*|విరిగి*|చెడిపో*|తప్పు*|డ్యామేజ్*|ఓపెన్ అవ్వ*|లాగిన్ అవ్వ*|లాగిన్ కా*|క్రాష్*|సమస్య*|ఇబ్బంది*|ప్రాబ్లమ్*|\
         panicheya*|pani cheya*|panicheyya*|pani cheyya*|pani chey*|work avvatledu|work avvatam ledu|work avvadam ledu|work kavatledu|\
         work cheyatledu|paadaipoyi*|padaipoyi*|padayipoyi*|pagilipoyi*|pagilindi|virigi*|chedipoyi*|tappu*|damage*|open avvatledu|\
         open avvatam ledu|login avvatledu|crash*|samasya*|ibbandi*|problem*|issue*",
    ),
    (
        "te",
        Sign::Service,
        "చెత్త*|దారుణ*|ఘోర*|బాగాలేదు|బాగోలేదు|బాలేదు|అస్సలు బాగా*|నిరాశ*|సిగ్గు*|చండాల*|పనికిరా*|పనికి రా*|నిర్లక్ష్య*|ఫిర్యాదు*|వరస్ట్*|\
         chetha*|chettha*|chetta*|darunam*|daarunam*|ghoram*|bagaledu|bagoledu|baledu|baaledu|bagolledu|assalu bagal*|nirasha*|siggu*|\
         chandala*|panikira*|paniki ra*|nirlakshyam*|worst*|worst service|firyadu*|dharunam*|cheta*|dandam*",
    ),
];
